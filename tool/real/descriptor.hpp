// An open file of this process, and how a failing system call is told.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "core/error.hpp"

namespace real {

[[noreturn]] inline void fail(const std::string& what, const std::string& path, int error) {
    throw core::Error(core::sqlstate::io_error, fmt::format("cannot {} \"{}\"", what, path),
                      fmt::format("The system says: {}.", std::strerror(error)),
                      "Check the path, its owner and the free space, then run the same command again.");
}

class Descriptor {
 public:
    Descriptor(const std::string& path, int flags, unsigned mode = 0)
        : number_(open(path.c_str(), flags | O_CLOEXEC, mode)) {}
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    bool there() const { return number_ >= 0; }
    int number() const { return number_; }
    int release() {
        const int number = number_;
        number_ = -1;
        return number;
    }

 private:
    int number_;
};

}  // namespace real
