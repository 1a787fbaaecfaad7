// Stand-ins for tests: a session that answers from a script, a clock that costs no time, a reporter that
// remembers.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tool/world.hpp"

namespace fake {

class Session : public world::Session {
 public:
    using Answer = std::function<world::Rows(const std::vector<world::Value>& parameters)>;

    // The answer to every statement that holds fragment; the latest matching one wins.
    void answer(const std::string& fragment, Answer answer) {
        answers_.emplace_back(fragment, std::move(answer));
    }
    void answer(const std::string& fragment, world::Rows rows) {
        answer(fragment, [rows](const auto&) { return rows; });
    }

    world::Rows query(const std::string& sql, const std::vector<world::Value>& parameters) override {
        asked.push_back(sql);
        for (std::size_t i = answers_.size(); i-- > 0;)
            if (sql.find(answers_[i].first) != std::string::npos) return answers_[i].second(parameters);
        throw std::runtime_error("no answer for: " + sql);
    }
    void send_bytes(const std::string&, const std::string& bytes) override {
        if (!on_exchange) throw std::runtime_error("no exchange expected");
        if (answer_) throw std::runtime_error("asked before the answer to the last question was taken");
        answer_ = on_exchange(bytes);
    }
    std::string receive_bytes() override {
        if (!answer_) throw std::runtime_error("nothing was asked");
        return *std::exchange(answer_, std::nullopt);
    }
    conninfo::Parameters parameters() const override { return {}; }
    std::string password() const override { return {}; }
    bool uses_tls() const override { return false; }
    std::string scram_verifier(const std::string&, const std::string&) override { return {}; }

    std::vector<std::string> asked;
    std::function<std::string(const std::string&)> on_exchange;

 private:
    std::vector<std::pair<std::string, Answer>> answers_;
    std::optional<std::string> answer_;  // to bytes that were sent
};

// For commands that connect to nothing and touch no file.
class Database : public world::Database {
 public:
    std::unique_ptr<world::Session> connect(const conninfo::Parameters&, const std::string&,
                                            world::Prompt) override {
        throw std::runtime_error("no connection expected");
    }
};

class Files : public world::Files {
 public:
    world::Kind kind(const std::string&) override { return unexpected<world::Kind>(); }
    std::vector<std::string> list(const std::string&) override {
        return unexpected<std::vector<std::string>>();
    }
    std::string read(const std::string&) override { return unexpected<std::string>(); }
    std::optional<std::string> read_private(const std::string&) override {
        return unexpected<std::optional<std::string>>();
    }
    void write(const std::string&, const std::string&, unsigned) override { unexpected<void>(); }
    void make_directory(const std::string&, unsigned) override { unexpected<void>(); }
    void set_mode(const std::string&, unsigned) override { unexpected<void>(); }
    void rename(const std::string&, const std::string&) override { unexpected<void>(); }
    void remove(const std::string&) override { unexpected<void>(); }
    void remove_tree(const std::string&) override { unexpected<void>(); }
    std::string identity(const std::string&) override { return unexpected<std::string>(); }
    bool empty_directory(const std::string&, const std::string&) override { return unexpected<bool>(); }
    void sync_directory(const std::string&) override { unexpected<void>(); }
    std::string canonical(const std::string&) override { return unexpected<std::string>(); }
    std::uint64_t free_bytes(const std::string&) override { return unexpected<std::uint64_t>(); }
    bool writable(const std::string&) override { return unexpected<bool>(); }
    bool owned(const std::string&) override { return unexpected<bool>(); }
    bool writable_by_others(const std::string&) override { return unexpected<bool>(); }
    bool lock_directory(const std::string&) override { return unexpected<bool>(); }
    std::vector<world::Entry> entries(const std::string&) override { return unexpected<std::vector<world::Entry>>(); }
    std::string link_target(const std::string&) override { return unexpected<std::string>(); }
    void make_link(const std::string&, const std::string&) override { unexpected<void>(); }
    bool create(const std::string&, const std::string&, unsigned) override { return unexpected<bool>(); }
    std::unique_ptr<world::OpenFile> open_for_reading(const std::string&) override {
        return unexpected<std::unique_ptr<world::OpenFile>>();
    }
    std::unique_ptr<world::OpenFile> open_for_writing(const std::string&, unsigned) override {
        return unexpected<std::unique_ptr<world::OpenFile>>();
    }
    void truncate(const std::string&, std::uint64_t) override { unexpected<void>(); }
    void sync_file_system(const std::string&) override { unexpected<void>(); }

 private:
    template <class T>
    T unexpected() {
        throw std::runtime_error("no use of files expected");
    }
};

class Processes : public world::Processes {
 public:
    world::Outcome run(const world::Command&, const std::function<void()>&) override { return {}; }
    int start_detached(const world::Command&, const std::string&) override { return 0; }
    int own_pid() override { return 4711; }
    bool shared_memory_in_use(int) override { return false; }
    bool alive(int) override { return false; }
    bool listed(int) override { return false; }
    std::string working_directory(int) override { return {}; }
    void signal(int, int) override {}
    void sleep(std::chrono::milliseconds duration) override {
        slept += duration;
        if (on_sleep) on_sleep();
    }
    bool port_free(int) override { return true; }
    std::string host_name() override { return "host"; }

    std::chrono::milliseconds slept{0};
    std::function<void()> on_sleep;
};

class Reporter : public world::Reporter {
 public:
    void step(const std::string& sentence) override { said.push_back(sentence); }
    void fact(const std::string& sentence) override { said.push_back(sentence); }
    void warning(const std::string& sentence) override { said.push_back(sentence); }
    void progress(const world::Progress&) override {}
    void end_progress() override {}

    std::vector<std::string> said;
};

}  // namespace fake
