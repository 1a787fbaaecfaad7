// The seam Processes over fork and execve.
#pragma once

#include "tool/world.hpp"

namespace real {

class ProcessTable : public world::Processes {
 public:
    world::Outcome run(const world::Command& command, const std::function<void()>& tick) override;
    std::vector<world::Outcome> run_all(const std::vector<world::Command>& commands) override;
    int start_detached(const world::Command& command, const std::string& log) override;
    int own_pid() override;
    bool shared_memory_in_use(int identifier) override;
    bool alive(int pid) override;
    bool listed(int pid) override;
    std::string working_directory(int pid) override;
    void signal(int pid, int number) override;
    void sleep(std::chrono::milliseconds duration) override;
    bool port_free(int port) override;
    std::string host_name() override;
    std::string libc_version() override;
};

}  // namespace real
