/** In: the configuration. Out: what of it the database's views are computed with, by the names that view_settings has. */
import type { Configuration } from '../config/configuration.ts';

export function viewSettings({
  refresh: { sourceIdleSeconds, maxWideEventTypes, retentionDays, externalRetentionLabel },
  customers: { grossMargin, cltvHorizonDays, churnDays, rfmMode },
}: Configuration): Readonly<Record<string, number>> {
  return {
    source_idle_seconds: sourceIdleSeconds,
    max_wide_event_types: maxWideEventTypes,
    retention_first_day: retentionDays.from,
    retention_last_day: retentionDays.to,
    external_retention_label: externalRetentionLabel ? 1 : 0,
    gross_margin: grossMargin,
    cltv_horizon_days: cltvHorizonDays,
    churn_days: churnDays,
    rfm_by_quantile: rfmMode === 'quantile' ? 1 : 0,
  };
}
