/* SPDX-License-Identifier: MIT */
/*
 * QEMU's command line for Chronovisor: see machine.h.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chv/cli.h>
#include <chv/options.h>

/*
 * What is hidden from guests cannot be recorded or is wrong under TCG:
 * cmpxchg16b leaves flags undefined, rdtscp can read another clock.
 */
#define CPU_MODEL "Nehalem,-cx16,-rdtscp"

/* What Linux needs to run as a control domain without hardware. */
#define DOM0_CMDLINE                                                           \
	"console=hvc0 acpi=off pci=off swiotlb=noforce "                       \
	"initcall_blacklist=cmos_init"

#define DEFAULT_MEMORY_MIB 1024
/* With less the hypervisor may not come to say what it lacks; more than the
 * most it would not use. */
#define MEMORY_LEAST_MIB   24
#define MEMORY_MOST_MIB    (64 << 10)

static uint64_t memory_mib(const struct host_machine *m)
{
	return m->memory_mib > 0 ? m->memory_mib : DEFAULT_MEMORY_MIB;
}

int host_memory_parse(const char *text, uint64_t *mib)
{
	uint64_t bytes;

	if (!chv_option_size("--memory", text, &bytes)) {
		return CHV_USAGE;
	}
	*mib = bytes >> 20;
	if (*mib < MEMORY_LEAST_MIB || *mib > MEMORY_MOST_MIB) {
		chv_error("--memory %s: give a size from %dM to %dG",
		          chv_clean(text), MEMORY_LEAST_MIB,
		          MEMORY_MOST_MIB >> 10);
		return CHV_USAGE;
	}
	return CHV_OK;
}

int host_check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		int err = errno;

		chv_error("%s: %s", chv_clean(path), strerror(err));
		return err == ENOENT ? CHV_NOT_FOUND : CHV_FAILED;
	}
	if (!S_ISREG(st.st_mode)) {
		return chv_error("%s: not a regular file", chv_clean(path));
	}
	if (access(path, R_OK) != 0) {
		return chv_error("%s: %s", chv_clean(path), strerror(errno));
	}
	return CHV_OK;
}

struct images {
	char hypervisor[PATH_MAX];
	char kernel[PATH_MAX];
	char initrd[PATH_MAX];
};

static void add(struct host_args *args, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void add(struct host_args *args, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	if (args->nr == HOST_MAX_ARGS) {
		return;
	}
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
	}
	va_end(ap);
	args->argv[args->nr] = text;
	args->nr += text != NULL;
}

void host_args_free(struct host_args *args)
{
	for (size_t i = 0; i < args->nr; i++) {
		free(args->argv[i]);
	}
	memset(args, 0, sizeof(*args));
}

static bool is_plain(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_=+,./:@%";

	return *s != '\0' && s[strspn(s, plain)] == '\0';
}

void host_args_print(const struct host_args *args)
{
	for (size_t i = 0; i < args->nr; i++) {
		const char *s = args->argv[i];

		if (i > 0) {
			putchar(' ');
		}
		if (is_plain(s)) {
			fputs(s, stdout);
			continue;
		}
		putchar('\'');
		for (; *s != '\0'; s++) {
			fputs(*s == '\'' ? "'\\''" : (char[]){*s, '\0'},
			      stdout);
		}
		putchar('\'');
	}
	putchar('\n');
}

static bool readable(char *buf, const char *dir, const char *name)
{
	return snprintf(buf, PATH_MAX, "%s/%s", dir, name) < PATH_MAX &&
	       access(buf, R_OK) == 0;
}

/* A build folder keeps Linux apart; an installation has all in one place. */
static bool linux_file(char *buf, const char *dir, const char *name)
{
	char below[64];

	snprintf(below, sizeof(below), "linux/%s", name);
	return readable(buf, dir, below) || readable(buf, dir, name);
}

static bool in_dir(struct images *im, const char *dir, bool need_dom0)
{
	return readable(im->hypervisor, dir, "chronovisor") &&
	       (!need_dom0 || (linux_file(im->kernel, dir, "vmlinuz-amd64") &&
	                       linux_file(im->initrd, dir, "dom0.cpio")));
}

/* The folder of this program, and the build folder that it may be in. */
static bool beside_program(struct images *im, bool need_dom0)
{
	char dir[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", dir, sizeof(dir) - 1);

	for (unsigned int up = 0; up < 2 && len > 0; up++) {
		char *slash;

		dir[len] = '\0';
		slash = strrchr(dir, '/');
		if (slash == NULL) {
			return false;
		}
		*slash = '\0';
		len = slash - dir;
		if (in_dir(im, dir, need_dom0)) {
			return true;
		}
	}
	return false;
}

static int find_images(const struct host_machine *m, struct images *im)
{
	bool need_dom0 = m->kernel == NULL && m->trace_private == false;

	need_dom0 = need_dom0 || m->exec != NULL;
	if (m->image_dir != NULL) {
		if (in_dir(im, m->image_dir, need_dom0)) {
			return CHV_OK;
		}
		chv_error("%s: no 'chronovisor'%s there",
		          chv_clean(m->image_dir),
		          need_dom0 ? ", 'vmlinuz-amd64' and 'dom0.cpio'" : "");
		return CHV_NOT_FOUND;
	}
	if (beside_program(im, need_dom0) ||
	    in_dir(im, "/usr/lib/chronovisor", need_dom0)) {
		return CHV_OK;
	}
	chv_error("no hypervisor%s beside this program: build them with "
	          "'make', or say --image-dir",
	          need_dom0 ? " and dom0" : "");
	return CHV_NOT_FOUND;
}

/*
 * QEMU splits -initrd at commas into modules and each at its first space
 * into a file and its command line; a doubled comma stands for itself.
 */
static char *double_commas(const char *text)
{
	char *out = malloc(2 * strlen(text) + 1);
	char *p = out;

	for (; out != NULL && *text != '\0'; text++) {
		*p++ = *text;
		if (*text == ',') {
			*p++ = ',';
		}
	}
	if (out != NULL) {
		*p = '\0';
	}
	return out;
}

static int check_module_path(const char *path)
{
	if (strpbrk(path, " ,") != NULL) {
		chv_error("%s: QEMU cannot load a module whose path has a "
		          "space or a comma",
		          chv_clean(path));
		return CHV_FAILED;
	}
	return host_check_file(path);
}

/* Modules are loaded behind the hypervisor, which then needs room to speak. */
static int check_memory(const struct host_machine *m, const char *const *paths,
                        size_t nr)
{
	uint64_t need = (uint64_t)MEMORY_LEAST_MIB << 20;
	struct stat st;

	for (size_t i = 0; i < nr; i++) {
		if (paths[i] != NULL && stat(paths[i], &st) == 0) {
			need += (uint64_t)st.st_size;
		}
	}
	if (memory_mib(m) >= need >> 20) {
		return CHV_OK;
	}
	return chv_error("--memory %lluM: this machine needs %lluM at least "
	                 "to start",
	                 (unsigned long long)memory_mib(m),
	                 (unsigned long long)(need >> 20));
}

static int add_modules(const struct host_machine *m, const struct images *im,
                       struct host_args *args)
{
	const char *kernel = m->kernel != NULL ? m->kernel : im->kernel;
	const char *initrd = m->kernel != NULL ? m->initrd : im->initrd;
	const char *base = m->kernel != NULL ? "console=hvc0" : DOM0_CMDLINE;
	char *cmdline = NULL;
	char *escaped;
	int status = check_module_path(kernel);

	if (status == CHV_OK && initrd != NULL) {
		status = check_module_path(initrd);
	}
	if (status == CHV_OK) {
		status = check_memory(m, (const char *[]){kernel, initrd}, 2);
	}
	if (status != CHV_OK) {
		return status;
	}
	if (asprintf(&cmdline, "%s%s%s%s%s%s", base,
	             m->cmdline != NULL ? " " : "",
	             m->cmdline != NULL ? m->cmdline : "",
	             m->exec != NULL ? " chrono.exec=\"" : "",
	             m->exec != NULL ? m->exec : "",
	             m->exec != NULL ? "\"" : "") < 0) {
		return chv_error("out of memory");
	}
	escaped = double_commas(cmdline);
	add(args, "-initrd");
	add(args, "%s %s%s%s", kernel, escaped != NULL ? escaped : "",
	    initrd != NULL ? "," : "", initrd != NULL ? initrd : "");
	free(escaped);
	free(cmdline);
	return CHV_OK;
}

static int add_window(const struct host_machine *m, struct host_args *args)
{
	char *path = double_commas(m->trace);

	if (path == NULL) {
		return chv_error("out of memory");
	}
	add(args, "-object");
	add(args, "memory-backend-file,id=trace,share=%s,size=%llu,mem-path=%s",
	    m->trace_private ? "off" : "on", (unsigned long long)m->trace_size,
	    path);
	add(args, "-device");
	add(args, "ivshmem-plain,memdev=trace");
	free(path);
	return CHV_OK;
}

static void add_serial(const struct host_machine *m, struct host_args *args)
{
	add(args, "-serial");
	add(args, "%s", m->com2 != NULL ? "stdio" : "mon:stdio");
	if (m->com2 != NULL) {
		char *path = double_commas(m->com2);

		add(args, "-monitor");
		add(args, "none");
		add(args, "-chardev");
		add(args, "socket,id=com2,server=on,wait=off,path=%s",
		    path != NULL ? path : "");
		add(args, "-serial");
		add(args, "chardev:com2");
		free(path);
	}
}

/* The first domain is a guest of its own, or comes out of the trace. */
static const char *mode_options(const struct host_machine *m)
{
	if (m->trace_private && m->exec == NULL) {
		return " replay=window";
	}
	if (m->kernel == NULL) {
		return "";
	}
	return m->trace != NULL ? " dom0less record=window" : " dom0less";
}

int host_image_dir(const struct host_machine *m, char *dir, size_t size)
{
	struct images im = {0};
	int status = find_images(m, &im);

	if (status == CHV_OK) {
		*strrchr(im.hypervisor, '/') = '\0';
		snprintf(dir, size, "%s", im.hypervisor);
	}
	return status;
}

int host_machine_args(const struct host_machine *m, struct host_args *args)
{
	struct images im = {0};
	int status = find_images(m, &im);
	bool replay_alone = m->trace_private && m->exec == NULL;

	memset(args, 0, sizeof(*args));
	if (status != CHV_OK) {
		return status;
	}
	add(args, "%s", m->qemu != NULL ? m->qemu : "qemu-system-x86_64");
	for (const char *const *a =
	             (const char *const[]){"-accel", "tcg,thread=single",
	                                   "-smp", "1", "-cpu", CPU_MODEL,
	                                   "-display", "none", "-nodefaults",
	                                   "-no-reboot", "-device",
	                                   "isa-debug-exit,iobase=0xf4,"
	                                   "iosize=0x04",
	                                   NULL};
	     *a != NULL; a++) {
		add(args, "%s", *a);
	}
	if (m->icount) {
		add(args, "-icount");
		add(args, "shift=0,sleep=off");
	}
	add(args, "-m");
	add(args, "%llu", (unsigned long long)memory_mib(m));
	add_serial(m, args);
	add(args, "-kernel");
	add(args, "%s", im.hypervisor);
	add(args, "-append");
	add(args, "console=com1%s%s%s", mode_options(m),
	    m->hv_options != NULL ? " " : "",
	    m->hv_options != NULL ? m->hv_options : "");
	status = replay_alone ? check_memory(m, NULL, 0)
	                      : add_modules(m, &im, args);
	if (status == CHV_OK && m->trace != NULL) {
		status = add_window(m, args);
	}
	if (status != CHV_OK) {
		host_args_free(args);
	}
	return status;
}
