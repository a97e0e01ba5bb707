/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run as JSON. Times are in microseconds unless the key says otherwise; what
 * is not known is null, not zero.
 */

#include <jansson.h>

#include "clients/bench/report.h"

static void set(json_t *object, const char *key, uint64_t value)
{
        json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_real(json_t *object, const char *key, double value)
{
        json_object_set_new(object, key, json_real(value));
}

static json_t *latency(const struct histogram *histogram)
{
        json_t *object = json_object();

        set(object, "count", histogram->count);
        if (histogram->count == 0)
                return object;
        for (uint32_t i = 0; i < MEASURE_QUANTILE_COUNT; i++)
                set_real(object, measure_quantile_name[i],
                         (double)histogram_quantile(histogram, measure_quantile[i]) / 1e3);
        set_real(object, "mean", histogram_mean(histogram) / 1e3);
        return object;
}

static json_t *part(const struct measure *measure)
{
        const struct counts *counts = &measure->counts;
        json_t *object = json_object();
        json_t *rates = json_array();

        json_object_set_new(object, "loop", json_string(measure->is_open_loop ? "open" : "closed"));
        set_real(object, "rate_asked", measure->rate_asked);
        set_real(object, "rate_median", measure_median_rate(measure));
        set_real(object, "rate", measure_rate(measure));
        for (uint32_t i = 0; i < measure->interval_count; i++)
                json_array_append_new(rates, json_real(measure->interval_rate[i]));
        json_object_set_new(object, "interval_rates", rates);
        set_real(object, "seconds", measure_seconds(measure));
        set(object, "life_cycles", counts->done);
        set(object, "submitted", counts->submitted);
        set(object, "refused", counts->refused);
        set(object, "offers_ended", counts->missed);
        json_object_set_new(object, "daemon_cpu_us",
                            counts->daemon_cpu_ns == 0 ? json_null()
                                                       : json_real(measure_daemon_us(measure)));
        set_real(object, "client_cpu_us", measure_own_us(measure));
        json_object_set_new(object, "submit_to_offer_us", latency(measure->offer));
        json_object_set_new(object, "submit_to_ack_us", latency(measure->ack));
        set_real(object, "late_max_us", (double)measure->late_max_ns / 1e3);
        json_object_set_new(object, "overloaded", json_boolean(measure->is_overloaded));
        set(object, "bytes_out", counts->byte_out);
        set(object, "bytes_in", counts->byte_in);
        set(object, "frames_out", counts->frame_out);
        set(object, "frames_in", counts->frame_in);
        return object;
}

static json_t *settings_of(const struct run *run)
{
        const struct settings *settings = run->settings;
        json_t *object = json_object();

        json_object_set_new(object, "address", json_string(run->host.address));
        set(object, "agents", settings->agents);
        set(object, "desktops", settings->desktops);
        set(object, "gateways", settings->gateways);
        set(object, "queues", settings->queues);
        set(object, "skills", settings->skills);
        set(object, "agent_skills", settings->agent_skills);
        set(object, "in_flight", settings->in_flight);
        set(object, "waiting", settings->waiting);
        set(object, "attributes", settings->attributes_size);
        set(object, "seed", settings->seed);
        json_object_set_new(object, "spin", json_boolean(settings->is_spinning));
        json_object_set_new(object, "pinned", json_boolean(settings->is_pinned));
        return object;
}

static json_t *checks(const struct run *run)
{
        const struct load *load = &run->load;
        json_t *object = json_object();
        json_t *violations = json_array();

        set(object, "submitted", load->sent_count);
        set(object, "completed", load->done_count);
        set(object, "cancelled", load->cancelled_count);
        set(object, "refused", load->refused_count);
        json_object_set_new(object, "ended", json_boolean(run->has_ended));
        json_object_set_new(object, "audited", json_boolean(run->has_audit));
        set(object, "events_checked", run->audit.event_count);
        set(object, "events_missing", run->audit.missing_count);
        set(object, "failed", run_violation_count(run));
        for (uint64_t i = 0; i < load->violation_count && i < LOAD_VIOLATION_TOLD_MAX; i++)
                json_array_append_new(violations, json_string(load->violation[i]));
        for (uint64_t i = 0; i < run->audit.violation_count && i < AUDIT_TOLD_MAX; i++)
                json_array_append_new(violations, json_string(run->audit.violation[i]));
        json_object_set_new(object, "violations", violations);
        return object;
}

void report_json(const struct run *run, FILE *out)
{
        json_t *object = json_object();
        json_t *parts = json_array();

        json_object_set_new(object, "settings", settings_of(run));
        for (uint32_t i = 0; i < run->measure_count; i++)
                json_array_append_new(parts, part(&run->measure[i]));
        json_object_set_new(object, "parts", parts);
        json_object_set_new(object, "checks", checks(run));
        json_object_set_new(object, "exit_code", json_integer(run->code));
        json_object_set_new(object, "trouble",
                            run->trouble[0] == 0 ? json_null() : json_string(run->trouble));
        (void)json_dumpf(object, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
        (void)fputc('\n', out);
        json_decref(object);
}
