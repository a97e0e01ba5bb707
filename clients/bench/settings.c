/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, by the table of options.def.
 *
 * Values are checked in full here, and what does not go together is refused
 * with a sentence, so that nothing is started that will stop in the middle.
 */

#include "clients/bench/settings.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/name.h"
#include "clients/bench/floor.h"

/* What a socket's address takes, without "/acdd.sock". */
enum { DATA_DIR_MAX = 97 };

enum option_id {
        OPTION_BEFORE = 255,
#define GROUP(title)
#define OPTION(id, name, argument, text) OPTION_##id,
#include "clients/bench/options.def"
#undef OPTION
#undef GROUP
};

static const struct option table[] = {
#define GROUP(title)
#define OPTION(id, name, argument, text) \
        { name, sizeof(argument) > 1 ? required_argument : no_argument, NULL, OPTION_##id },
#include "clients/bench/options.def"
#undef OPTION
#undef GROUP
        { NULL, 0, NULL, 0 },
};

void settings_init(struct settings *settings)
{
        *settings = (struct settings){
                .tenant = "bench",
                .has_setup = true,
                .gateways = 1,
                .desktops = 8,
                .agents = 1000,
                .queues = 1,
                .daemon_cpu = 0,
                .own_cpu = 1,
                .in_flight = 1024,
                .arrivals = { .kind = ARRIVALS_POISSON, .speed = 1 },
                .warm_up_s = -1,
                .timeout_s = 120,
                .has_audit = true,
                .seed = 1,
        };
}

static void help(void)
{
        puts("acdbench - load for acdd, the automatic contact distributor, and what came of it\n\n"
             "usage: acdbench [--OPTION [VALUE]]... [-- OPTIONS OF THE DAEMON]\n"
             "       acdbench core [--callgrind | --memory | --all] [--long]     the core alone");
#define GROUP(title) (void)printf("\n%s\n", title);
#define OPTION(id, name, argument, text) \
        (void)printf("  %-28s %s\n", sizeof(argument) > 1 ? "--" name " " argument : "--" name, \
                     text);
#include "clients/bench/options.def"
#undef OPTION
#undef GROUP
        puts("\nExit codes: 0 done, 1 a check failed, 2 usage, 3 no daemon, 4 timeout.");
}

static bool complain(const char *option, const char *text, const char *wanted)
{
        (void)fprintf(stderr, "--%s: \"%.80s\" is not %s\n", option, text, wanted);
        return false;
}

static bool number(const char *text, const char *end_mark, double max, double *ret_value)
{
        char *end;
        double value;

        if (*text < '0' || *text > '9')
                return false;
        value = strtod(text, &end);
        if (strcmp(end, end_mark) != 0 || value > max)
                return false;
        *ret_value = value;
        return true;
}

static bool whole(const char *option, const char *text, uint64_t min, uint64_t max,
                  uint64_t *ret_value)
{
        char *end;
        uint64_t value;
        char wanted[80];

        errno = 0;
        value = strtoull(text, &end, 10);
        if (*text >= '0' && *text <= '9' && *end == 0 && errno == 0 && value >= min &&
            value <= max) {
                *ret_value = value;
                return true;
        }
        (void)snprintf(wanted, sizeof(wanted), "a whole number from %llu to %llu",
                       (unsigned long long)min, (unsigned long long)max);
        return complain(option, text, wanted);
}

static bool whole32(const char *option, const char *text, uint32_t min, uint32_t max,
                    uint32_t *ret_value)
{
        uint64_t value;

        if (!whole(option, text, min, max, &value))
                return false;
        *ret_value = (uint32_t)value;
        return true;
}

static bool decimal(const char *option, const char *text, double max, double *ret_value)
{
        return number(text, "", max, ret_value) ||
               complain(option, text, "a number that is allowed here");
}

/* A=1,B=2: names, or numbers up to @value_max when that is not zero. A weight may be left out. */
static bool choices(const char *option, char *text, uint32_t value_max, struct choices *ret_choices)
{
        char *rest = text;
        char *word;

        ret_choices->count = 0;
        while ((word = strsep(&rest, ",")) != NULL) {
                struct choice *choice = &ret_choices->choice[ret_choices->count];
                char *equals = strchr(word, '=');

                if (ret_choices->count == SETTINGS_CHOICE_MAX)
                        return complain(option, word, "allowed: 32 are the most");
                *choice = (struct choice){ .weight = 1 };
                if (equals != NULL) {
                        *equals = 0;
                        if (!whole32(option, equals + 1, 1, 1000000, &choice->weight))
                                return false;
                }
                if (value_max > 0 && !whole32(option, word, 0, value_max, &choice->value))
                        return false;
                if (value_max == 0 && !acd_name_is_valid(word, strlen(word)))
                        return complain(option, word, "a name");
                (void)snprintf(choice->name, sizeof(choice->name), "%s", word);
                ret_choices->count++;
        }
        return true;
}

static bool sweep(struct settings *settings, char *text)
{
        char *rest = text;
        char *word;

        settings->is_sweep = true;
        if (strcmp(text, "auto") == 0)
                return true;
        while ((word = strsep(&rest, ",")) != NULL) {
                double *rate = &settings->sweep[settings->sweep_count];

                if (settings->sweep_count == SETTINGS_SWEEP_MAX)
                        return complain("sweep", word, "allowed: 64 rates are the most");
                if (!number(word, "", 1e9, rate) || *rate <= 0)
                        return complain("sweep", word, "a rate");
                settings->sweep_count++;
        }
        return true;
}

static bool pin_to(struct settings *settings, const char *text)
{
        char first[16];
        const char *comma = strchr(text, ',');

        settings->is_pinned = true;
        if (comma == NULL || (size_t)(comma - text) >= sizeof(first))
                return complain("pin-to", text, "two processors like 0,1");
        (void)snprintf(first, sizeof(first), "%.*s", (int)(comma - text), text);
        return whole32("pin-to", first, 0, 1023, &settings->daemon_cpu) &&
               whole32("pin-to", comma + 1, 0, 1023, &settings->own_cpu);
}

/* Options about the daemon and the floor. */
static bool take_place(struct settings *settings, enum option_id id, char *text)
{
        uint64_t value;

        switch ((int)id) {
        case OPTION_CONNECT:
                settings->address = text;
                return true;
        case OPTION_DESKTOP_CONNECT:
                settings->desktop_address = text;
                return true;
        case OPTION_DAEMON:
                settings->daemon_path = text;
                return true;
        case OPTION_DATA_DIR:
                settings->data_dir = text;
                return strlen(text) <= DATA_DIR_MAX ||
                       complain("data-dir", text, "short enough for a socket in it");
        case OPTION_TCP:
                settings->is_tcp = true;
                return true;
        case OPTION_TENANT:
                settings->tenant = text;
                return acd_name_is_valid(text, strlen(text)) || complain("tenant", text, "a name");
        case OPTION_PID:
                if (!whole("pid", text, 1, 1 << 30, &value))
                        return false;
                settings->pid = (pid_t)value;
                return true;
        case OPTION_PIN:
                settings->is_pinned = true;
                return true;
        case OPTION_PIN_TO:
                return pin_to(settings, text);
        case OPTION_AGENTS:
                return whole32("agents", text, 1, SETTINGS_AGENT_MAX, &settings->agents);
        case OPTION_DESKTOPS:
                return whole32("desktops", text, 1, SETTINGS_LINE_MAX, &settings->desktops);
        case OPTION_GATEWAYS:
                return whole32("gateways", text, 1, 1000, &settings->gateways);
        case OPTION_QUEUES:
                return whole32("queues", text, 1, SETTINGS_QUEUE_MAX, &settings->queues);
        case OPTION_SKILLS:
                return whole32("skills", text, 1, SETTINGS_QUEUE_MAX, &settings->skills);
        case OPTION_AGENT_SKILLS:
                return whole32("agent-skills", text, 1, 32, &settings->agent_skills);
        case OPTION_NO_SETUP:
                settings->has_setup = false;
                return true;
        default:
                return false;
        }
}

static bool take_contacts(struct settings *settings, enum option_id id, char *text)
{
        switch ((int)id) {
        case OPTION_MIX:
                return choices("mix", text, 0, &settings->mix);
        case OPTION_CHANNEL:
                return choices("channel", text, 0, &settings->channels);
        case OPTION_BAND:
                return choices("band", text, 31, &settings->bands);
        case OPTION_CREDIT:
                return choices("credit", text, 86400000, &settings->credits);
        case OPTION_ATTRIBUTES:
                return whole32("attributes", text, 0, 4096, &settings->attributes_size);
        case OPTION_CLIENT_KEYS:
                settings->has_client_keys = true;
                return true;
        case OPTION_CUSTOMER_KEYS:
                settings->has_customer_keys = true;
                return true;
        case OPTION_HANDLE:
                return spread_parse(&settings->handle, text) ||
                       complain("handle", text, "a handle time; see --help");
        case OPTION_WAITING:
                return whole32("waiting", text, 0, 10000000, &settings->waiting);
        default:
                return false;
        }
}

static bool take_run(struct settings *settings, enum option_id id, char *text)
{
        switch ((int)id) {
        case OPTION_IN_FLIGHT:
                return whole32("in-flight", text, 1, 1000000, &settings->in_flight);
        case OPTION_RATE:
                return (number(text, "", 1e9, &settings->rate) && settings->rate > 0) ||
                       complain("rate", text, "a rate");
        case OPTION_ARRIVALS:
                settings->has_arrivals = true;
                return arrivals_parse(&settings->arrivals, text) ||
                       complain("arrivals", text, "a kind of arrivals; see --help");
        case OPTION_SPEED:
                return (number(text, "", 1e6, &settings->arrivals.speed) &&
                        settings->arrivals.speed > 0) ||
                       complain("speed", text, "a factor above 0");
        case OPTION_SWEEP:
                return sweep(settings, text);
        case OPTION_WARM_UP:
                return decimal("warm-up", text, 86400, &settings->warm_up_s);
        case OPTION_SECONDS:
                return (decimal("seconds", text, 86400, &settings->seconds) &&
                        settings->seconds > 0) ||
                       complain("seconds", text, "a time above 0");
        case OPTION_COUNT:
                return whole("count", text, 1, UINT64_C(1) << 40, &settings->count);
        case OPTION_SPIN:
                settings->is_spinning = true;
                return true;
        case OPTION_TIMEOUT:
                return decimal("timeout", text, 86400, &settings->timeout_s);
        case OPTION_ALL_PUSHES:
                settings->has_all_pushes = true;
                return true;
        case OPTION_NO_AUDIT:
                settings->has_audit = false;
                return true;
        case OPTION_SEED:
                return whole("seed", text, 0, UINT64_MAX, &settings->seed);
        case OPTION_JSON:
                settings->is_json = true;
                return true;
        case OPTION_HGRM:
                settings->hgrm_path = text;
                return true;
        case OPTION_SVG:
                settings->svg_path = text;
                return true;
        case OPTION_QUIET:
                settings->is_quiet = true;
                return true;
        default:
                return false;
        }
}

static bool take(struct settings *settings, enum option_id id, char *text)
{
        if (id <= OPTION_NO_SETUP)
                return take_place(settings, id, text);
        if (id <= OPTION_WAITING)
                return take_contacts(settings, id, text);
        return take_run(settings, id, text);
}

static bool refuse(const char *text)
{
        (void)fprintf(stderr, "%s\n", text);
        return false;
}

/* One of @choices that is "none asked for". */
static void preset(struct choices *choices, const char *name, uint32_t value)
{
        if (choices->count > 0)
                return;
        choices->count = 1;
        choices->choice[0] = (struct choice){ .value = value, .weight = 1 };
        (void)snprintf(choices->choice[0].name, sizeof(choices->choice[0].name), "%s", name);
}

/* A record is played as a whole, from its beginning. */
static void preset_times(struct settings *settings)
{
        bool is_recorded = arrivals_are_recorded(&settings->arrivals);

        if (settings->warm_up_s < 0)
                settings->warm_up_s = is_recorded ? 0 : 2;
        if (settings->seconds <= 0)
                settings->seconds = is_recorded ? 1e9 : 10;
}

static bool finish(struct settings *settings)
{
        if (settings->skills == 0)
                settings->skills = settings->queues;
        if (settings->agent_skills == 0)
                settings->agent_skills = settings->skills < 32 ? settings->skills : 32;
        if (settings->skills > settings->queues)
                return refuse("--skills: more skills than queues ask for");
        if (settings->agent_skills > settings->skills)
                return refuse("--agent-skills: an agent cannot have more skills than there are");
        if ((uint64_t)settings->agents + settings->agent_skills <= settings->skills)
                return refuse("some queue would have no agent: more agents or more skills each");
        if (settings->desktops > settings->agents)
                return refuse("--desktops: more desktop connections than agents");
        if (settings->mix.count == 0 && settings->queues > SETTINGS_CHOICE_MAX)
                return refuse("with more than 32 queues, name those to use by --mix");
        if (settings->is_sweep && (settings->rate > 0 || settings->count > 0 ||
                                   arrivals_are_recorded(&settings->arrivals)))
                return refuse("--sweep has rates and seconds of its own");
        if (settings->rate > 0 && arrivals_are_recorded(&settings->arrivals))
                return refuse("recorded arrivals have a rate of their own: --speed instead of "
                              "--rate");
        if (settings->has_arrivals && settings->rate <= 0 && !settings->is_sweep &&
            !arrivals_are_recorded(&settings->arrivals))
                return refuse("--arrivals is for an open loop: it needs --rate or --sweep");
        if (settings->address != NULL &&
            (settings->daemon_argument_count > 0 || settings->data_dir != NULL || settings->is_tcp))
                return refuse("--data-dir, --tcp and options after -- are for a daemon that is "
                              "started, not with --connect");
        preset(&settings->channels, "chat", 0);
        preset(&settings->bands, "", UINT32_MAX);
        preset(&settings->credits, "", 0);
        preset_times(settings);
        floor_name_queues(settings);
        settings->run_mark = ((uint64_t)time(NULL) ^ (uint64_t)getpid() << 20) & UINT32_MAX;
        return true;
}

int settings_read(struct settings *settings, int argc, char **argv)
{
        int id;

        while ((id = getopt_long(argc, argv, "+", table, NULL)) != -1) {
                if (id == OPTION_HELP) {
                        help();
                        return -1;
                }
                if (id == OPTION_VERSION) {
                        puts("acdbench " ACDD_VERSION);
                        return -1;
                }
                if (id == '?' || !take(settings, (enum option_id)id, optarg)) {
                        (void)fprintf(stderr, "acdbench --help shows what there is\n");
                        return EXIT_USAGE;
                }
        }
        if (optind < argc && strcmp(argv[optind - 1], "--") != 0) {
                (void)fprintf(stderr, "\"%s\" is not expected; acdbench --help shows what is\n",
                              argv[optind]);
                return EXIT_USAGE;
        }
        settings->daemon_arguments = argv + optind;
        settings->daemon_argument_count = (uint32_t)(argc - optind);
        return finish(settings) ? EXIT_DONE : EXIT_USAGE;
}
