// What makes a primary ready for a standby: the extension, the settings, a role, its admission. Shared by
// prepare and by clone --prepare.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tool/link.hpp"
#include "tool/plan.hpp"

namespace preparation {

// What is asked for, and what the steps record while they run.
struct Preparation {
    std::string role;     // empty: neither role nor admission
    std::string address;  // of the standby as the primary sees it; empty: the Unix-domain socket
    int connection_limit = -1;
    int standbys = 1;  // to size the settings for
    bool role_exists = false;
    bool extension_exists = false;
    bool uses_tls = false;

    std::string password;  // generated for the role
    bool extension_created = false, role_created = false, admission_added = false;
    std::map<std::string, world::Value>
        settings_before;                      // of those changed: in postgresql.auto.conf; nothing: not there
    std::function<void()> on_change = [] {};  // called before a role is made and after it was admitted
};

// How many standbys the settings are sized for when this many are there and one more is made: set_settings counts the
// two walsenders of a clone on top, which is all the new one takes. A larger number would raise max_wal_senders, and
// stop the run, where nothing has to be raised.
constexpr int enough_for_one_more(int present) { return present > 0 ? present : 1; }

// The link outlives the plan's execution.
void append_steps(plan::Plan& plan, tool::Link& primary, const std::shared_ptr<Preparation>& preparation);

// The last two of those steps, for a role that is made on the primary and admitted by another server ("standby").
void append_role_step(plan::Plan& plan, tool::Link& primary, const std::shared_ptr<Preparation>& preparation);
void append_admission_step(plan::Plan& plan, tool::Link& server, const std::shared_ptr<Preparation>& preparation,
                           const std::string& which);

// The settings that set_settings would change, a line each, for --dry-run; empty while the extension, which
// knows them, is not there.
std::string describe_settings(tool::Link& primary, const Preparation& preparation);

// Replication roles and slots can be dropped only a moment after the standby's connection has ended: tries
// for up to ten seconds while the server answers "in use".
void drop_when_free(world::World& world, tool::Link& primary, const std::string& sql,
                    const std::string& name);

}  // namespace preparation
