/*
 * sha256.h
 *		SHA-256: a cryptographic hash of bytes.
 *
 * By FIPS 180-4.
 */
#ifndef CDPK_SHA256_H
#define CDPK_SHA256_H

#include "core/base/cdpk.h"

#define CDPK_SHA256_LENGTH 32

/* Hash bytes. */
extern void cdpk_sha256(const uint8_t *bytes, size_t length, uint8_t digest[CDPK_SHA256_LENGTH]);

#endif /* CDPK_SHA256_H */
