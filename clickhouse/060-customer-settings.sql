-- What the customer marts are computed with. In: the processor, from its configuration. Out: views of customers.

INSERT INTO view_settings (name, value, description, updated_at) VALUES
    ('gross_margin', 0.6, 'Part of the revenue that is left when the goods are paid, from 0 to 1', 1),
    ('cltv_horizon_days', 365, 'Days ahead for which cltv_predicted says what a customer will bring', 1),
    ('churn_days', 90, 'A customer whose last order is more than so many days before the snapshot is churned', 1),
    ('rfm_by_quantile', 0, '0: RFM scores by buckets of equal size (ntile), equal values by customer id; 1: by quantiles, equal values share a score', 1);
