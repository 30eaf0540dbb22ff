/*
 * phone_module.c
 *		Loads the module cdp_phone, and with it libphonenumber, into a backend that
 *		meets a number in need of it, and into no other.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/memutils.h"

#include "toolkit/identifier/phone/normalize.h"
#include "toolkit/identifier/phone_module.h"

/* the module's function once it was asked for; NULL where the module cannot be loaded */
static CdpPhoneNormalize *phone_normalize = NULL;
static bool phone_asked = false;

/* why not, in the loader's words */
static char *phone_missing = NULL;

/*
 * Load the module once per backend, and remember if it is missing: a batch of a million numbers
 * must not search a million times.
 *
 * The error for a missing library is caught without a subtransaction. That is only safe because
 * load_external_function reads files and links them: it takes no lock, buffer, snapshot or
 * catalog entry that a rollback would have to release, and undoes its own work before it raises
 * the error. Searching for the file ourselves would repeat the server's rules, which differ by
 * version.
 */
static void
load_module(void)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		phone_normalize = (CdpPhoneNormalize *) load_external_function(
			"$libdir/cdp_phone", CDP_PHONE_NORMALIZE, true, NULL);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_OUT_OF_MEMORY)
			PG_RE_THROW();
		FlushErrorState();
		phone_missing = MemoryContextStrdup(TopMemoryContext, error->message);
		FreeErrorData(error);
	}
	PG_END_TRY();
	phone_asked = true;
}

/* Normalise a number by the module, if there is one. */
CdpkStatus
phone_module_normalize(const char *value, size_t length, const char *region, char *result,
					   size_t *result_length)
{
	if (!phone_asked)
		load_module();
	if (phone_normalize == NULL)
		return CDPK_UNSUPPORTED;
	return phone_normalize(value, length, region, result, result_length);
}

/* Normalise a number with its country code. */
static CdpkStatus
normalize_international(void *context, const char *value, size_t length, char *result,
						size_t *result_length)
{
	return phone_module_normalize(value, length, NULL, result, result_length);
}

/* Return the normaliser; its first call, not this one, loads the module. */
const CdpkPhone *
phone_module_normalizer(void)
{
	static const CdpkPhone phone = {normalize_international, NULL};

	return &phone;
}

/* Return what the loader said; NULL if the module was not looked for or is there. */
const char *
phone_module_problem(void)
{
	return phone_missing;
}

/* Normalise numbers that may lack their country code. */
static CdpkStatus
normalize_in_region(void *region, const char *value, size_t length, char *result,
					size_t *result_length)
{
	return phone_module_normalize(value, length, region, result, result_length);
}

CdpkPhone
phone_module_in_region(const char *region)
{
	CdpkPhone phone = {normalize_in_region, unconstify(char *, region)};

	return phone;
}
