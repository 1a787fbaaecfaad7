// Which files of a data directory a base backup has: the rules of pg_basebackup (protocol-replication, BASE_BACKUP), on
// paths alone. What replica.refresh_list() names and what replica.refresh_diff() reads are decided here, by the same
// functions, so that nothing can be read that is not listed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace refresh {

// What differs between servers.
struct Layout {
    std::string tablespace_version;       // the folder of this major in every tablespace: PG_15_202209061
    bool has_wal_summaries = false;       // pg_wal/summaries exists (17)
    std::vector<std::string> left_empty;  // folders below the data directory that are copied without what is in them
};

// True for a path below the data directory that a base backup has, be it a file or a folder. False for whatever is not
// such a path at all: absolute, empty, longer than 1024 bytes, with ".", ".." or empty components, or with a NUL byte.
bool is_copied(std::string_view path, const Layout& layout);

// True for a folder, itself copied, whose entries are to be looked at.
bool is_entered(std::string_view folder, const Layout& layout);

// The link of a tablespace: pg_tblspc/OID. The only symbolic link that is ever followed.
bool is_tablespace_link(std::string_view path);

// A file that holds blocks of a relation: "1259_fsm.3".
struct RelationFile {
    std::string_view number;     // relfilenode
    std::string_view fork;       // "", "fsm", "vm" or "init"
    std::uint32_t segment = 0;
};

// Nothing for paths of other files.
std::optional<RelationFile> relation_file(std::string_view path, const Layout& layout);

// The file beside path whose presence says that path belongs to an unlogged relation and is not copied; empty when path
// is copied in any case.
std::string init_fork_of(std::string_view path, const Layout& layout);

// A path of any bytes for a message: what is not printable ASCII as \xNN, cut where it is too long.
std::string printable(std::string_view path);

}  // namespace refresh
