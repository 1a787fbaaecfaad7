#include "extension/server/page.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "access/xlog.h"
#include "storage/bufpage.h"
#include "storage/checksum.h"
}

#include "extension/server/boundary.hpp"

namespace pg::page {

std::size_t size() { return BLCKSZ; }

std::uint32_t per_segment() { return RELSEG_SIZE; }

bool checksums_enabled() {
    return call([] { return DataChecksumsEnabled(); });
}

bool is_intact(char* page, std::uint32_t block) {
    if (PageIsNew(page)) return true;
    return reinterpret_cast<PageHeader>(page)->pd_checksum == pg_checksum_page(page, block);
}

bool is_replayed(char* page) {
    return call([page] { return PageGetLSN(page) >= GetRedoRecPtr(); });
}

}  // namespace pg::page
