/* SPDX-License-Identifier: MIT */
/*
 * Loading of Xen's libraries: see xenlibs.h. Their interface is stable within
 * one release of Xen only, so the release is part of their file names.
 */
#include "xenlibs.h"

#include <dlfcn.h>
#include <stdio.h>

#define CTRL_FILE  "libxenctrl.so.4.17"
#define GUEST_FILE "libxenguest.so.4.17"

const struct xenlibs *xenlibs_load(const char **error)
{
	static struct xenlibs libs;
	static bool loaded;
	static char text[256];
	void *ctrl, *guest, *symbol;

	if (loaded) {
		return &libs;
	}
	ctrl = dlopen(CTRL_FILE, RTLD_NOW | RTLD_GLOBAL);
	guest = ctrl != NULL ? dlopen(GUEST_FILE, RTLD_NOW | RTLD_GLOBAL)
	                     : NULL;
	*error = text;
	if (guest == NULL) {
		snprintf(text, sizeof(text), "%s (package libxenmisc4.17)",
		         dlerror());
		return NULL;
	}
#define CTRL  ctrl
#define GUEST guest
#define X(library, result, name, parameters)                                   \
	symbol = dlsym(library, #name);                                        \
	if (symbol == NULL) {                                                  \
		snprintf(text, sizeof(text), "%s: no %s in it",                \
		         library == ctrl ? CTRL_FILE : GUEST_FILE, #name);     \
		return NULL;                                                   \
	}                                                                      \
	*(void **)&libs.name = symbol;
	XENLIBS(X)
#undef X
	loaded = true;
	return &libs;
}
