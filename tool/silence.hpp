// Something waits for what only another server can send: when that server is gone, the wait must end and say so.
#pragma once

#include <chrono>

#include "tool/link.hpp"

namespace tool {

class Silence {
   public:
    static constexpr std::chrono::seconds longest{30};

    explicit Silence(Link& link) : link_(link) {}

    // To be called by a wait at each of its turns, which Patience makes. Asks the server; throws core::Error (08006) with
    // what it last said when it has not answered for 30 seconds: long enough for a restart.
    void look();

   private:
    Link& link_;
    int failures_ = 0;  // in a row
    std::chrono::steady_clock::time_point answered_ = std::chrono::steady_clock::now();
};

}  // namespace tool
