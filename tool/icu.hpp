// Which version of ICU sorts text for a server program of this host.
#pragma once

#include <string>
#include <vector>

#include "tool/world.hpp"

namespace icu {

// A locale that the primary sorts by with ICU, with the version of its collator there, as pg_collation_actual_version() gives it.
struct Locale {
    std::string name, version;
    int indexes = 0;  // of the connected database, that are sorted by it
};

// The file name of the ICU library that the program was linked with ("libicui18n.so.72"); empty when there is none.
std::string library_of(world::Files& files, const std::string& program);

// The version that a server linked with that library tells for the locale; empty when it cannot be told.
std::string collator_version(const std::string& library, const std::string& locale);

}  // namespace icu
