/*
 * cmd.h: the verbs of the mcxgw program.
 *
 * Each takes the arguments behind the program's name, its own verb first,
 * writes results to stdout and diagnostics to stderr, and returns the exit
 * status: 0 yes, 1 no or findings, 2 usage, 3 environment.
 */
#ifndef CMD_H
#define CMD_H

enum cmd_exit { CMD_YES = 0, CMD_NO = 1, CMD_USAGE = 2, CMD_ENVIRONMENT = 3 };

/** The verbs: `mcxgw run`, `mcxgw check` and so on. */
int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_lookup(int argc, char **argv);
int cmd_ctl(int argc, char **argv);

#endif
