// Processes for tests: which live, where they work, what a command answers, and which signals were sent.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tool/fake_world.hpp"

namespace fake {

class ScriptedProcesses : public Processes {
 public:
    world::Outcome run(const world::Command& command, const std::function<void()>&) override {
        ran.push_back(command.argv);
        return answer ? answer(command) : world::Outcome{};
    }
    int start_detached(const world::Command& command, const std::string&) override {
        started.push_back(command.argv);
        if (on_start) on_start();
        return 77;
    }
    bool alive(int pid) override { return living.count(pid) > 0; }
    bool listed(int pid) override { return alive(pid) || zombies.count(pid) > 0; }
    std::string working_directory(int pid) override { return places[pid]; }
    void signal(int pid, int number) override {
        signals.emplace_back(pid, number);
        if (on_signal) on_signal(number);
    }
    bool port_free(int port) override { return taken_ports.count(port) == 0; }

    std::function<world::Outcome(const world::Command&)> answer;
    std::function<void()> on_start;
    std::function<void(int)> on_signal;
    std::set<int> living, zombies, taken_ports;
    std::map<int, std::string> places;
    std::vector<std::pair<int, int>> signals;
    std::vector<std::vector<std::string>> ran, started;
};

}  // namespace fake
