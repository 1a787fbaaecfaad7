#include "core/refresh_hash.hpp"

#include <algorithm>
#include <iterator>

// the header alone, so that nothing is needed at run time
#define XXH_INLINE_ALL
#include <xxhash.h>

// before it, XXH3 gave other values
static_assert(XXH_VERSION_NUMBER >= 800, "xxHash 0.8.0 or newer is needed");

namespace refresh {

static_assert(Secret().size() >= XXH3_SECRET_SIZE_MIN);

Hash128 hash_chunk(const Secret& secret, const void* data, std::size_t size) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_withSecret(data, size, secret.data(), secret.size()));
    Hash128 hash;
    static_assert(sizeof canonical.digest == sizeof hash);
    std::copy(std::begin(canonical.digest), std::end(canonical.digest), hash.begin());
    return hash;
}

}  // namespace refresh
