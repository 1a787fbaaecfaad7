// The hash by which two servers compare their blocks without sending them: XXH3, 128 bits, under a secret.
//
// XXH3 is not a cryptographic hash. Whoever knows the secret could make a block that differs and hashes the same, so the
// secret is random, made anew for each run, and never stored.
#pragma once

#include <array>
#include <cstddef>

namespace refresh {

using Hash128 = std::array<unsigned char, 16>;  // high byte first

// What XXH3 mixes its input with. All 192 bytes come from the system's random source.
using Secret = std::array<unsigned char, 192>;

// The hash of size bytes. It depends on size as well: a block that is cut short never equals the whole one.
Hash128 hash_chunk(const Secret& secret, const void* data, std::size_t size);

}  // namespace refresh
