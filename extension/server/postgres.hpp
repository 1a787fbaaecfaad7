// The only way in for PostgreSQL's headers; included only inside extension/server and by exports.cpp.
#pragma once

extern "C" {
#include "postgres.h"
// postgres.h must come first
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
}
