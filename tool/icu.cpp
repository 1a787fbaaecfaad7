#include "tool/icu.hpp"

#include <dlfcn.h>

#include <array>
#include <cctype>
#include <memory>

namespace icu {

namespace {

// The names and types of ICU's C interface, which is stable; its symbols end in the library's version.
using Version = std::array<unsigned char, 4>;
using Open = void* (*)(const char* locale, int* status);
using Close = void (*)(void* collator);
using GetVersion = void (*)(const void* collator, unsigned char* version);

constexpr std::string_view stem = "libicui18n.so.";

template <class Function>
Function symbol(void* library, const std::string& name) {
    return reinterpret_cast<Function>(dlsym(library, name.c_str()));
}

// As u_versionToString: trailing zeros are left out, but two numbers stay.
std::string text(const Version& version) {
    std::size_t count = version.size();
    while (count > 2 && version[count - 1] == 0) --count;
    std::string result = std::to_string(version[0]);
    for (std::size_t i = 1; i < count; ++i) result += "." + std::to_string(version[i]);
    return result;
}

std::string version_of(void* library, const std::string& suffix, const std::string& locale) {
    const auto open = symbol<Open>(library, "ucol_open" + suffix);
    const auto close = symbol<Close>(library, "ucol_close" + suffix);
    const auto get_version = symbol<GetVersion>(library, "ucol_getVersion" + suffix);
    if (open == nullptr || close == nullptr || get_version == nullptr) return {};
    int status = 0;
    const std::unique_ptr<void, Close> collator(open(locale.c_str(), &status), close);
    if (collator == nullptr || status > 0) return {};  // warnings are negative
    Version version{};
    get_version(collator.get(), version.data());
    return text(version);
}

}  // namespace

// The name stands in the program as that of a library that it needs.
std::string library_of(world::Files& files, const std::string& program) {
    const std::string content = files.read(program);
    const std::size_t at = content.find(stem);
    if (at == std::string::npos) return {};
    std::size_t end = at + stem.size();
    while (end < content.size() && std::isdigit(static_cast<unsigned char>(content[end])) != 0) ++end;
    return end == at + stem.size() ? std::string() : content.substr(at, end - at);
}

std::string collator_version(const std::string& library, const std::string& locale) {
    if (library.compare(0, stem.size(), stem) != 0) return {};
    const std::unique_ptr<void, int (*)(void*)> handle(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL), dlclose);
    return handle ? version_of(handle.get(), "_" + library.substr(stem.size()), locale) : std::string();
}

}  // namespace icu
