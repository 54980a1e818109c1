/*
 * handlers.h - what the route table calls. Each answers its request (answer.h), at once
 * or, after submit_command(), when the engine has answered. In definitions.c,
 * sagas_start.c, sagas_batch.c, sagas_list.c, sagas_stuck.c, sagas_read.c, sagas_items.c,
 * sagas_act.c, sagas_send.c, sagas_purge.c, webhooks.c, bulk_start.c, bulk_show.c,
 * audit.c, events.c, stats.c, services.c, meta.c.
 */
#ifndef ADMINAPI_HANDLERS_H
#define ADMINAPI_HANDLERS_H

struct request;

void definitions_put(struct request *r);
void definitions_list(struct request *r);
void definitions_show(struct request *r);
void definitions_versions(struct request *r);
void definitions_version(struct request *r);
void definitions_use(struct request *r);
void definitions_pause(struct request *r);
void definitions_resume(struct request *r);
void definitions_archive(struct request *r);

void sagas_start(struct request *r);
void sagas_batch(struct request *r);
void sagas_list(struct request *r);
void sagas_stuck(struct request *r);
void sagas_show(struct request *r);
void sagas_journal(struct request *r);
void sagas_calls(struct request *r);
void sagas_call(struct request *r);
void sagas_items(struct request *r);
void sagas_at(struct request *r);

void sagas_purge(struct request *r);

void sagas_signal(struct request *r);
void sagas_callback(struct request *r);

void sagas_retry(struct request *r);
void sagas_skip(struct request *r);
void sagas_resolve(struct request *r);
void sagas_close(struct request *r);
void sagas_cancel(struct request *r);
void sagas_pause(struct request *r);
void sagas_resume(struct request *r);

void webhooks_of_saga(struct request *r);
void webhooks_list(struct request *r);
void webhooks_redeliver(struct request *r);

void bulk_start(struct request *r);
void bulk_list(struct request *r);
void bulk_show(struct request *r);
void bulk_cancel(struct request *r);

void audit_list(struct request *r);
void events_follow(struct request *r);
void stats_show(struct request *r);

void services_breaker(struct request *r);
void services_pause(struct request *r);
void services_resume(struct request *r);

void meta_info(struct request *r);
void meta_health(struct request *r);
void meta_ready(struct request *r);
void meta_metrics(struct request *r);
void meta_openapi(struct request *r);
void meta_schema(struct request *r);
void meta_services(struct request *r);
void meta_resume(struct request *r);

#endif /* ADMINAPI_HANDLERS_H */
