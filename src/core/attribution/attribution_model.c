/*
 * attribution_model.c
 *		The text of a model of attribution.
 */
#include "core/attribution/attribution_state.h"

#define MICROSECONDS INT64_C(1000000)
#define DAY (86400 * MICROSECONDS)
#define HALF_LIFE_MAX (36500 * DAY)

typedef struct Scan
{
	const char *at;
	const char *end;
} Scan;

static void
skip_blanks(Scan *scan)
{
	while (scan->at < scan->end && *scan->at == ' ')
		scan->at++;
}

/* Take lower-case letters and underscores; its length, 0 if there are none. */
static size_t
take_word(Scan *scan, const char **word)
{
	skip_blanks(scan);
	*word = scan->at;
	while (scan->at < scan->end && ((*scan->at >= 'a' && *scan->at <= 'z') || *scan->at == '_'))
		scan->at++;
	return (size_t) (scan->at - *word);
}

/* Take one character; false if there is another. */
static bool
take(Scan *scan, char character)
{
	skip_blanks(scan);
	if (scan->at == scan->end || *scan->at != character)
		return false;
	scan->at++;
	return true;
}

/* Take up to nine digits. */
static bool
take_number(Scan *scan, int64_t *number)
{
	const char *start;

	skip_blanks(scan);
	start = scan->at;
	*number = 0;
	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && scan->at - start < 9)
		*number = *number * 10 + (*scan->at++ - '0');
	return scan->at > start;
}

static bool
is_word(const char *word, size_t length, const char *wanted)
{
	return length == strlen(wanted) && memcmp(word, wanted, length) == 0;
}

/* Take a unit of time, in microseconds; 0 if there is none. */
static int64_t
take_unit(Scan *scan)
{
	static const struct
	{
		const char *name;
		int64_t length;
	} units[] = {{"second", MICROSECONDS},
				 {"minute", 60 * MICROSECONDS},
				 {"hour", 3600 * MICROSECONDS},
				 {"day", DAY}};
	const char *word;
	size_t length = take_word(scan, &word);

	if (length > 1 && word[length - 1] == 's')
		length--;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (is_word(word, length, units[i].name))
			return units[i].length;
	return 0;
}

/* Take what may follow time_decay. */
static CdpkStatus
take_half_life(Scan *scan, int64_t *half_life)
{
	int64_t number;
	int64_t unit;

	*half_life = 7 * DAY;
	if (!take(scan, '('))
		return CDPK_OK;
	if (!take_number(scan, &number) || (unit = take_unit(scan)) == 0 || !take(scan, ')'))
		return CDPK_INVALID;
	if (number < 1 || number > HALF_LIFE_MAX / unit)
		return CDPK_OUT_OF_RANGE;
	*half_life = number * unit;
	return CDPK_OK;
}

/* Take what may follow position_based. */
static CdpkStatus
take_positions(Scan *scan, CdpkAttributionSetup *setup)
{
	int64_t first = 40;
	int64_t last = 40;

	if (take(scan, '(') && (!take_number(scan, &first) || !take(scan, ',') ||
							!take_number(scan, &last) || !take(scan, ')')))
		return CDPK_INVALID;
	if (first + last < 1 || first + last > 100)
		return CDPK_OUT_OF_RANGE;
	setup->first = (unsigned) first;
	setup->last = (unsigned) last;
	return CDPK_OK;
}

CdpkStatus
cdpk_attribution_model(const char *text, size_t length, CdpkAttributionSetup *setup)
{
	static const char *const names[] = {[CDPK_FIRST_TOUCH] = "first",
										[CDPK_LAST_TOUCH] = "last",
										[CDPK_LAST_NON_DIRECT] = "last_non_direct",
										[CDPK_LINEAR] = "linear",
										[CDPK_TIME_DECAY] = "time_decay",
										[CDPK_POSITION_BASED] = "position_based",
										[CDPK_SHAPLEY] = "shapley"};
	Scan scan = {text, text + length};
	CdpkStatus status = CDPK_OK;
	const char *word;
	size_t word_length = take_word(&scan, &word);
	unsigned model = 0;

	*setup = (CdpkAttributionSetup){CDPK_FIRST_TOUCH, 0, 0, 0, 0};
	while (model < sizeof(names) / sizeof(names[0]) && !is_word(word, word_length, names[model]))
		model++;
	if (model == sizeof(names) / sizeof(names[0]))
		return CDPK_INVALID;
	setup->model = (CdpkAttributionModel) model;
	if (setup->model == CDPK_TIME_DECAY)
		status = take_half_life(&scan, &setup->half_life);
	else if (setup->model == CDPK_POSITION_BASED)
		status = take_positions(&scan, setup);
	skip_blanks(&scan);
	if (status == CDPK_OK && scan.at < scan.end)
		return CDPK_INVALID;
	return status;
}
