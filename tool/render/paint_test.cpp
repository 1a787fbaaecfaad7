#include "tool/render/paint.hpp"

#include <gtest/gtest.h>

TEST(Paint, ColoursTheWordOfHealthOnly) {
    EXPECT_EQ(render::painted("role    primary\nhealth  critical: not ok\n\nhealth  standby\nok      s1\n    warning in a note\n"),
              "role    primary\nhealth  \x1b[1;31mcritical\x1b[0m: not ok\n\nhealth  standby\n\x1b[32mok\x1b[0m      s1\n    warning in a note\n");
}

TEST(Paint, ColoursTheTree) {
    EXPECT_EQ(render::painted("primary db: ok: ok\n  standby s1: critical\n"),
              "primary db: ok: \x1b[32mok\x1b[0m\n  standby s1: \x1b[1;31mcritical\x1b[0m\n");
    EXPECT_EQ(render::painted("standby  a: ok\nrole     x: critical\nstandby\n"), "standby  a: ok\nrole     x: critical\nstandby\n");
}

TEST(Paint, LeavesWordsThatOnlyBeginLikeOne) {
    EXPECT_EQ(render::painted("okay\nunknowns  x\nhealth"), "okay\nunknowns  x\nhealth");
}
