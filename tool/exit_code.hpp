// The exit codes of the tool: few, fixed, documented in docs/cli.md.
#pragma once

enum class ExitCode : int {
    ok = 0,            // done, and proven where the command proves
    failed = 1,        // an unexpected failure
    usage = 2,         // the command line is wrong; nothing was done
    connection = 3,    // a server could not be reached or refused the login; nothing was changed
    precondition = 4,  // something that was checked stands in the way; nothing was changed
    undone = 5,        // failed on the way; all that this run had made was removed
    leftovers = 6,     // failed on the way; what could not be removed is named with the command that removes it
    interrupted = 8,   // stopped by a signal; all that this run had made was removed

    // status changes nothing and ends in the worst health instead; a server that cannot be reached or read is unknown
    warning = 1,
    critical = 2,
    unknown = 3,
};
