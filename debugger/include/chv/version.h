/* SPDX-License-Identifier: MIT */
/*
 * The version that chv prints and reports to GDB.
 */
#ifndef CHV_VERSION_H
#define CHV_VERSION_H

#define CHV_VERSION "0.1"

#endif
