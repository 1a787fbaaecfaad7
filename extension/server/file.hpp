// Configuration files of the server, read whole and replaced whole. Plain system calls: nothing here enters
// PostgreSQL.
#pragma once

#include <string>
#include <vector>

namespace file {

// What is in a regular file of at most 16 MB. Throws core::Error with the SQLSTATE that the server uses for
// the cause (58P01 missing, 42501 not permitted, 58030 otherwise).
std::string read(const std::string& path);

// When the content was last changed, in seconds since 1970; 0 when it cannot be told.
double changed_at(const std::string& path);

// The files of a directory that include_dir takes: *.conf, not hidden, no directories, by name; full paths.
// error says why the directory could not be read.
std::vector<std::string> configuration_files(const std::string& directory, std::string& error);

// A file on its way from one content to another. The old content is copied beside it first (path +
// backup_suffix); the new one is written to a temporary file beside it and synced, so that a full disk leaves
// the file as it was. Symbolic links are followed; mode, owner and group are kept. Throws core::Error when
// any of this is not possible.
class Replacement {
 public:
    static constexpr const char* backup_suffix = ".pg_replica-backup";

    // Writes backup and temporary file; the file itself is untouched. Throws when its content is not
    // expected_content any more.
    Replacement(const std::string& path, const std::string& expected_content, const std::string& new_content);
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    // Removes the temporary file when commit was never reached.
    ~Replacement();

    // Puts the new content in place by rename and syncs the directory.
    void commit();
    // Puts the backup in place of what commit wrote, if it did; needs no space on the disk. Throws when the content is
    // neither the old nor the new one any more.
    void roll_back();

 private:
    std::string target_;
    std::string backup_;
    std::string temporary_;
    std::string old_content_;
    std::string new_content_;
    bool pending_ = false;
};

// Replaces the content of a file by way of a temporary one; mode, owner and group are kept. No backup.
void overwrite(const std::string& path, const std::string& temporary, const std::string& content);

}  // namespace file
