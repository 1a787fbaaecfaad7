// Passwords that the tool makes itself.
#pragma once

#include <string>

namespace secret {

// 40 letters and digits from the kernel's random source: about 238 bits. Throws core::Error when there is none.
std::string generate();

// Random bytes from the same source.
void fill(unsigned char* bytes, std::size_t count);

}  // namespace secret
