// Memory that files are read into. It starts with a page: where a buffer starts 16 bytes behind one, as large blocks of
// malloc do, some processors need three times as long to copy into it.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace core {

class PageBuffer {
 public:
    explicit PageBuffer(std::size_t size)
        : size_(size), bytes_(static_cast<char*>(::operator new(size, std::align_val_t(page)))) {}

    char* data() const { return bytes_.get(); }
    std::size_t size() const { return size_; }

 private:
    static constexpr std::size_t page = 4096;
    struct Free {
        void operator()(char* bytes) const { ::operator delete(bytes, std::align_val_t(page)); }
    };

    std::size_t size_;
    std::unique_ptr<char, Free> bytes_;
};

}  // namespace core
