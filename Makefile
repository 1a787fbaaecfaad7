# pg_replica: the extension, with PGXS (https://www.postgresql.org/docs/current/extend-pgxs.html).
# The command-line tool and the unit tests are built by CMakeLists.txt.

EXTENSION = extension/pg_replica
MODULE_big = pg_replica
DATA = sql/pg_replica--1.0.sql

core_sources := $(filter-out %_test.cpp,$(wildcard core/*.cpp))
extension_sources := $(wildcard extension/*.cpp extension/server/*.cpp)
OBJS := $(patsubst %.cpp,%.o,$(core_sources) $(extension_sources))
EXTRA_CLEAN = $(OBJS:.o=.d)

PG_CXXFLAGS = -std=c++20 -fvisibility=hidden -MMD -MP $(STRICT)
SHLIB_LINK = -lfmt -llz4 -lstdc++

REGRESS = $(patsubst regress/sql/%.sql,%,$(sort $(wildcard regress/sql/*.sql)))
REGRESS_OPTS = --inputdir=regress --outputdir=$(or $(REGRESS_OUTPUT),regress)

# warnings are errors in our own builds only: make STRICT="$(strict_flags)", as script/test does
strict_flags = -Wall -Wextra -Werror

# the bitcode rule of PGXS ignores PG_CXXFLAGS
override with_llvm = no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# as PostgreSQL does it for its own: the loop becomes vector instructions
core/page_checksum.o: override CXXFLAGS += -O3

# warnings inside PostgreSQL's headers are not ours to fix
override CPPFLAGS := $(patsubst -I$(includedir_server),-isystem $(includedir_server),$(CPPFLAGS))

# Debian's PGXS is built without dependency tracking
-include $(OBJS:.o=.d)
