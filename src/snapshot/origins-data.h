/* SPDX-License-Identifier: MIT */
/* origins.conf as text, made by the build. */
#ifndef HL_SNAPSHOT_ORIGINS_DATA_H
#define HL_SNAPSHOT_ORIGINS_DATA_H

extern const char hl_origins_presets[];

#endif
