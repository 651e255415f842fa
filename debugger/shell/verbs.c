/* SPDX-License-Identifier: MIT */
/*
 * The table of verbs: one row makes a verb known to the command line, to the
 * shell, to completion and to help.
 */
#include <chv/cli.h>

#include <stdio.h>
#include <string.h>

#include <chv/hvctl.h>
#include <chv/text.h>
#include <chv/version.h>

static const char *const trace_words[] = {"info", "verify", "dump", NULL};

static const char *const record_words[] = {"status", "stop", "wait", "attach",
                                           NULL};

static const struct chv_verb verbs[] = {
	{"help", "help [VERB]", "explain the verbs", "", CHV_ANYWHERE,
         CHV_ARG_VERB, NULL, NULL, cmd_help},
	{"version", "version", "print the version", "", CHV_ANYWHERE,
         CHV_ARG_NONE, NULL, NULL, cmd_version},

	{"list", "list [--json]", "list the domains and what they do", "",
         CHV_IN_DOM0, CHV_ARG_NONE, chv_options_list, NULL, cmd_list},
	{"create",
         "create NAME --kernel FILE [--initrd FILE] [--memory SIZE]\n"
         "           [--cmdline TEXT] [--record TRACE] [--paused]",
         "build a domain from a PV kernel and start it",
         "  --kernel FILE   a Linux bzImage or an ELF file with Xen notes\n"
         "  --initrd FILE   its initial ramdisk\n"
         "  --memory SIZE   such as 256M (the default) or 1G\n"
         "  --cmdline TEXT  its command line\n"
         "  --record TRACE  record it from its first instruction into TRACE\n"
         "  --paused        leave it paused: 'unpause' starts it\n",
         CHV_IN_DOM0, CHV_ARG_FILE, chv_options_create, NULL, cmd_create},
	{"pause", "pause DOMAIN", "stop a domain where it is", "", CHV_IN_DOM0,
         CHV_ARG_DOMAIN, NULL, NULL, cmd_pause},
	{"unpause", "unpause DOMAIN", "let a paused domain run", "",
         CHV_IN_DOM0, CHV_ARG_DOMAIN, NULL, NULL, cmd_unpause},
	{"destroy", "destroy DOMAIN [--force]", "end a domain at once",
         "  --force  do not ask; needed where nobody can be asked\n",
         CHV_IN_DOM0, CHV_ARG_DOMAIN, chv_options_destroy, NULL, cmd_destroy},
	{"audit", "audit", "recount the references of all frames",
         "What differs is in the hypervisor's log, and the status is 1.\n",
         CHV_IN_DOM0, CHV_ARG_NONE, NULL, NULL, cmd_audit},

	{"console", "console DOMAIN", "show a domain's console and type to it",
         "  Ctrl-] leaves the console; the domain goes on.\n", CHV_IN_DOM0,
         CHV_ARG_DOMAIN, NULL, NULL, cmd_console},
	{"record", "record status|stop|wait|attach DOMAIN [--output TRACE]",
         "control the recording of a domain",
         "  record status DOMAIN                how far it is\n"
         "  record stop DOMAIN                  end the trace; the domain runs "
         "on\n"
         "  record wait DOMAIN                  return when it has ended\n"
         "  record attach DOMAIN --output TRACE go on writing a file whose\n"
         "                                      recorder has died\n"
         "A recording starts with its domain: see 'create --record'.\n",
         CHV_IN_DOM0, CHV_ARG_DOMAIN, chv_options_record, record_words,
         cmd_record},
	{"trace",
         "trace info TRACE [--json], trace verify TRACE, or trace dump TRACE\n"
         "           [--json] [--stream S] [--from N] [--to N] [--full]",
         "describe, check or print a trace file",
         "  trace info TRACE     whose it is, how it ends, what it holds\n"
         "  trace verify TRACE   read every byte and check it\n"
         "  trace dump TRACE     every record; --stream replay, history,\n"
         "                       snapshot or checkpoint; --from and --to are\n"
         "                       entry numbers; --full cuts nothing short\n"
         "Exit status: 5 not usable, 6 cut but good up to there.\n",
         CHV_ANYWHERE, CHV_ARG_FILE, chv_options_trace, trace_words, cmd_trace},
	{"events", "events TRACE [FILTER] [-n N] [--from N] [--to N] [--json]",
         "list what reached the guest from outside",
         "  FILTER  such as 'type==TIMER && entry<5000', see --list-fields\n"
         "  -a, --all  the recorder's own bookkeeping too\n"
         "  --json     one object per line\n",
         CHV_ANYWHERE, CHV_ARG_FILE, chv_options_events, NULL, cmd_events},
	{"hypercalls",
         "hypercalls TRACE [FILTER] [-c] [-e LIST] [-n N] [--json]",
         "list or count a guest's hypercalls",
         "  FILTER         such as 'name==mmu_update && result<0', "
         "'err==EINVAL',\n"
         "                 'entry in {100..200}', see --list-fields\n"
         "  -e LIST        only these: a,b; or all but these: !a,b\n"
         "  -c, --summary  how many of each, and how many failed\n"
         "  --by-op        the same by sub-operation\n"
         "  --from, --to   only between these entries\n"
         "  --json         one object per line; one object with -c\n",
         CHV_ANYWHERE, CHV_ARG_FILE, chv_options_hypercalls, NULL,
         cmd_hypercalls},
	{"symbols",
         "symbols DOMAIN|--image FILE [--output FILE] [--force] [--json]",
         "write the kernel's own symbols as an ELF file for GDB",
         "  --image FILE   an ELF image with memory contents: an unpacked\n"
         "                 vmlinux, or a core dump with virtual addresses\n"
         "  --output FILE  where to write (default: symbols.elf, which is\n"
         "                 overwritten with --force only)\n"
         "The symbols are read out of the guest's memory (kallsyms), modules\n"
         "included, so no debug package is needed. In GDB: 'file symbols.elf'.\n",
         CHV_ANYWHERE, CHV_ARG_FILE, chv_options_symbols, NULL, cmd_symbols},

	{"replay", "replay TRACE [--memory SIZE] [--icount|--no-icount]",
         "replay a trace; on a host in a QEMU of its own",
         "On a host:\n"
         "  --memory SIZE   of the machine (default: what the domain takes)\n"
         "  --icount, --no-icount  with QEMU's instruction counter or without\n"
         "                  (default: as the trace needs it)\n"
         "  --hv-options TEXT  more words on the hypervisor's command line\n"
         "  --image-dir DIR where the hypervisor is\n"
         "  --qemu PROGRAM  default: qemu-system-x86_64\n"
         "  --dry-run       print the command line instead\n"
         "Status 0: equal to its end, 4: diverged, 130: left before its end.\n",
         CHV_ANYWHERE, CHV_ARG_FILE, chv_options_replay, NULL, cmd_replay},
	{"gdb",
         "gdb DOMAIN|TRACE [--listen ADDRESS] [--symbols FILE] "
         "[-- GDB-ARGUMENTS]",
         "debug a domain live, or a trace in both directions, with GDB",
         "On a host, with a TRACE: starts the machine and GDB.\n"
         "In dom0: serves GDB until it is interrupted.\n"
         "  --listen ADDRESS  for a GDB in dom0: a port on 127.0.0.1 (default\n"
         "                    1234), or the path of a UNIX socket\n"
         "  --serial          on COM2, the machine's second serial port; 'make run'\n"
         "                    makes a socket on the host of it: there\n"
         "                    gdb -ex 'target extended-remote build/com2'\n"
         "  --symbols FILE    what 'chv symbols' wrote, or a vmlinux\n"
         "In GDB, 'hv help' and 'monitor help' list the commands for time travel.\n",
         CHV_ANYWHERE, CHV_ARG_FILE, chv_options_gdb, NULL, cmd_gdb},
	{"run",
         "run [--kernel FILE [--initrd FILE]] [--cmdline TEXT] [--exec COMMAND]\n"
         "        [--memory SIZE] [--icount] [--trace FILE [--force]] [--dry-run]",
         "start Chronovisor and its dom0 in QEMU, on this machine",
         "  --memory SIZE     of the machine (default 1G)\n"
         "  --icount          with QEMU's instruction counter: exact replay\n"
         "  --exec COMMAND    dom0's shell runs it (sh -c), then powers off; its\n"
         "                    status is the one of chv run\n"
         "  --kernel FILE     start this guest instead of dom0\n"
         "  --initrd FILE     its initial ramdisk\n"
         "  --cmdline TEXT    its command line, or dom0's\n"
         "  --hv-options TEXT more words on the hypervisor's command line\n"
         "  --trace FILE      the file that recordings go to; with --kernel the\n"
         "                    guest is recorded\n"
         "  --trace-size SIZE how large to make it: a power of two from 1M to\n"
         "                    16G (default 1G)\n"
         "  --force           overwrite what is in FILE\n"
         "  --image-dir DIR   where the hypervisor and dom0 are\n"
         "  --qemu PROGRAM    default: qemu-system-x86_64\n"
         "  --dry-run         print the command line instead\n"
         "Ctrl-a x ends the machine at once. A machine whose hypervisor does not\n"
         "say that it ended well is status 1.\n",
         CHV_ON_HOST, CHV_ARG_NONE, chv_options_run, NULL, cmd_run},
	{"demo", "demo [--interactive] [--trace FILE [--force]]",
         "record a kernel that crashes, and find out why, backwards",
         "  --interactive   stay in GDB at the end\n"
         "  --trace FILE    keep the recording there; --force overwrites one\n"
         "  --image-dir DIR where the hypervisor and dom0 are\n"
         "  --qemu PROGRAM  default: qemu-system-x86_64\n",
         CHV_ON_HOST, CHV_ARG_NONE, chv_options_demo, NULL, cmd_demo},
	{"quit", "quit", "leave the shell", "", CHV_IN_SHELL, CHV_ARG_NONE,
         NULL, NULL, cmd_quit},
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

const struct chv_verb *chv_verb_at(size_t i)
{
	return i < NR_VERBS ? &verbs[i] : NULL;
}

const struct chv_verb *chv_verb_find(const char *name)
{
	const struct chv_verb *found = NULL;
	size_t len = strlen(name);

	for (size_t i = 0; i < NR_VERBS; i++) {
		if (strcmp(verbs[i].name, name) == 0) {
			return &verbs[i];
		}
		if (strncmp(verbs[i].name, name, len) == 0) {
			if (found != NULL) {
				return NULL;
			}
			found = &verbs[i];
		}
	}
	return len > 0 ? found : NULL;
}

static size_t nr_beginning_with(const char *name)
{
	size_t nr = 0;

	for (size_t i = 0; i < NR_VERBS; i++) {
		nr += strncmp(verbs[i].name, name, strlen(name)) == 0;
	}
	return *name != '\0' ? nr : 0;
}

static int unknown_verb(const char *name)
{
	const char *names[NR_VERBS];
	const char *near;

	for (size_t i = 0; i < NR_VERBS; i++) {
		names[i] = verbs[i].name;
	}
	if (nr_beginning_with(name) > 1) {
		chv_error("'%s' is the beginning of several verbs: see 'chv "
		          "help'",
		          chv_clean(name));
		return CHV_USAGE;
	}
	near = chv_text_nearest(name, names, NR_VERBS);
	if (near != NULL) {
		chv_error("there is no verb '%s', did you mean '%s'?",
		          chv_clean(name), near);
	} else {
		chv_error("there is no verb '%s': see 'chv help'",
		          chv_clean(name));
	}
	return CHV_USAGE;
}

/* Nobody starts machines in a machine of ours. On another hypervisor a control
 * domain is a Linux host like any. */
static bool is_out_of_place(const struct chv_verb *v)
{
	struct hvctl *h;
	bool ours;

	if (v->place != CHV_ON_HOST || !hvctl_available() ||
	    hvctl_open(&h) != 0) {
		return false;
	}
	ours = hvctl_has_chrono(h);
	hvctl_close(h);
	return ours;
}

int chv_verb_run(int argc, char **argv)
{
	const struct chv_verb *v = chv_verb_find(argv[0]);
	int status;

	if (v == NULL) {
		return unknown_verb(argv[0]);
	}
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		return cmd_help(2, (char *[]){argv[0], argv[0], NULL});
	}
	if (is_out_of_place(v)) {
		return chv_error("'%s' works on a Linux host, where it starts "
		                 "such a machine; this is dom0 of one",
		                 v->name);
	}
	/* getopt_long() keeps state between command lines: 0 resets it. */
	optind = 0;
	status = v->run(argc, argv);
	if (status == CHV_OK && fflush(stdout) != 0) {
		status = chv_error("standard output: write failed");
	}
	return chv_interrupted != 0 ? CHV_INTERRUPTED : status;
}

static const char *place_text(enum chv_place place)
{
	switch (place) {
	case CHV_IN_DOM0:
		return "Runs in dom0 of Chronovisor.\n";
	case CHV_ON_HOST:
		return "Runs on a Linux host with QEMU.\n";
	case CHV_IN_SHELL:
	case CHV_ANYWHERE:
		break;
	}
	return "";
}

static int help_verb(const char *name)
{
	const struct chv_verb *v = chv_verb_find(name);

	if (v == NULL) {
		return unknown_verb(name);
	}
	printf("usage: chv %s\n\n%s%s: %s.\n%s", v->synopsis,
	       place_text(v->place), v->name, v->summary, v->help);
	return CHV_OK;
}

int cmd_help(int argc, char **argv)
{
	if (argc > 2) {
		return chv_usage("help");
	}
	if (argc > 1) {
		return help_verb(argv[1]);
	}
	printf("usage: chv VERB [ARGUMENTS], or chv for the shell, or any of\n"
	       "       chv -c 'VERB ARGUMENTS; ...' -x SCRIPT-FILE ...\n\n");
	for (size_t i = 0; i < NR_VERBS; i++) {
		printf("  %-11s %s\n", verbs[i].name, verbs[i].summary);
	}
	printf("\nA verb may be cut short while it is clear: 'chv hyper'.\n"
	       "'chv help VERB' tells more. Exit status: 0 done, 1 failed, "
	       "2 wrong usage,\n3 not found, 4 replay diverged, 5 trace "
	       "unusable, 6 trace cut, 130 interrupted.\n");
	return CHV_OK;
}

int cmd_version(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		return chv_usage("version");
	}
	printf("chv (Chronovisor) " CHV_VERSION "\n");
	return CHV_OK;
}
