#include "tool/icu.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"

TEST(Icu, TheLibraryOfAProgramIsTheOneThatItNames) {
    fake::Tree files;
    files.file("/bin/postgres", "ELF libicuuc.so.72 libicui18n.so.72 libc.so.6");
    files.file("/bin/other", "ELF libicui18n.so.");
    EXPECT_EQ(icu::library_of(files, "/bin/postgres"), "libicui18n.so.72");
    EXPECT_EQ(icu::library_of(files, "/bin/other"), "");
}

TEST(Icu, WhatIsNoIcuHasNoVersion) {
    EXPECT_EQ(icu::collator_version("", "de"), "");
    EXPECT_EQ(icu::collator_version("libc.so.6", "de"), "");
    EXPECT_EQ(icu::collator_version("libicui18n.so.1", "de"), "");
}
