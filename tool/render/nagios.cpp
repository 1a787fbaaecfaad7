#include "tool/render/nagios.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tool/render/text.hpp"

namespace render {

namespace {

// The bar begins performance data, wherever it stands.
std::string without_bars(std::string_view text) {
    std::string result = escaped(text);
    std::replace(result.begin(), result.end(), '|', '/');
    return result;
}

std::string upper(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
    return result;
}

struct Finding {
    health::Level level;
    std::string text;
};

std::vector<Finding> findings(const Server& server) {
    std::vector<Finding> result;
    for (const Subject& subject : subjects(server)) {
        if (subject.verdict.level == health::Level::ok) continue;
        const char* kind = subject.kind == Subject::Kind::standby ? "standby " : "";
        result.push_back({subject.verdict.level, fmt::format("{}{}: {}", kind, subject.name, subject.verdict.reason)});
    }
    return result;
}

std::string all_well(const std::vector<Server>& servers) {
    std::vector<std::string> parts;
    for (const Server& server : servers)
        parts.push_back(fmt::format("{} is {}, {} standby{}", server.name,
                                    Record{server.node, 0}("role") == "standby" ? "a standby" : "a primary",
                                    size(server.standbys), size(server.standbys) == 1 ? "" : "s"));
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
    return text;
}

std::string summary(const std::vector<Server>& servers) {
    std::vector<Finding> all;
    for (const Server& server : servers)
        for (Finding& finding : findings(server)) all.push_back(std::move(finding));
    if (all.empty()) return all_well(servers);
    std::stable_sort(all.begin(), all.end(), [](const Finding& one, const Finding& other) { return one.level > other.level; });
    std::string text;
    for (const Finding& finding : all) text += (text.empty() ? "" : "; ") + finding.text;
    return text;
}

// Collects 'label'=value pairs; a label stands once.
class PerformanceData {
   public:
    void add(std::string label, const std::optional<double>& value, const std::string& unit, const std::string& limits) {
        if (!value) return;
        label = clean(label);
        std::string unique = label;
        for (int i = 2; !labels_.insert(unique).second; ++i) unique = fmt::format("{} #{}", label, i);
        text_ += fmt::format("{}'{}'={:.{}f}{};{}", text_.empty() ? "" : " ", unique, *value, unit == "s" ? 6 : 0, unit, limits);
    }
    const std::string& text() const { return text_; }

   private:
    // quotes are doubled, and an equals sign would end the label
    static std::string clean(const std::string& label) {
        std::string result;
        for (const char c : without_bars(label)) result += c == '\'' ? std::string("''") : std::string(1, c == '=' ? '_' : c);
        return result;
    }

    std::string text_;
    std::set<std::string> labels_;
};

void add_server(PerformanceData& data, const Server& server, const std::string& prefix, const health::Thresholds& thresholds) {
    const std::string limits = fmt::format("{};{};0", thresholds.warning_bytes, thresholds.critical_bytes);
    for (std::size_t i = 0; i < size(server.node); ++i)
        data.add(prefix + "unreplayed", Record{server.node, i}.number("unreplayed_bytes"), "B", limits);
    for (std::size_t i = 0; i < size(server.standbys); ++i) {
        const Record standby{server.standbys, i};
        const std::string name = prefix + standby_name(standby);
        data.add(name + " lag", standby.number("replay_lag_bytes"), "B", limits);
        data.add(name + " delay", standby.number("replay_lag"), "s", ";;0");
    }
    for (std::size_t i = 0; i < size(server.slots); ++i) {
        const Record slot{server.slots, i};
        data.add(prefix + slot.text("slot_name", "-") + " slot", slot.number("retained_bytes"), "B", ";;0");
    }
}

}  // namespace

std::string nagios(const std::vector<Server>& servers, const health::Thresholds& thresholds) {
    PerformanceData data;
    for (const Server& server : servers) add_server(data, server, servers.size() > 1 ? server.name + " " : "", thresholds);
    return fmt::format("PG_REPLICA {}: {}{}{}\n", upper(health::text(worst(servers))), without_bars(summary(servers)),
                       data.text().empty() ? "" : " | ", data.text());
}

}  // namespace render
