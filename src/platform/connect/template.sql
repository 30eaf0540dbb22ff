-- Ready mappings of tables that ETL services write.  Of several expressions for a member the first counts whose columns
-- the table has: services have renamed columns, and leave out those that never had a value.

CREATE FUNCTION cdp_internal.connection_templates()
	RETURNS TABLE (place bigint, name text, written_by text, member text, expression text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 200
BEGIN ATOMIC
	SELECT row_number() OVER (), v.name, v.written_by, v.member, v.expression
	FROM (VALUES
		-- Stripe: amounts are in minor units, but for currencies that have none; rows of test mode do not count; guests
		-- have no customer but a receipt
		('stripe.customer', 'fivetran', 'identifiers.stripe_customer_id', $$id$$),
		('stripe.customer', 'fivetran', 'identifiers.email', $$email$$),
		('stripe.customer', 'fivetran', 'identifiers.phone', $$phone$$),
		('stripe.customer', 'fivetran', 'traits.email', $$email$$),
		('stripe.customer', 'fivetran', 'traits.phone', $$phone$$),
		('stripe.customer', 'fivetran', 'traits.name', $$name$$),
		('stripe.customer', 'fivetran', 'traits.description', $$description$$),
		('stripe.customer', 'fivetran', 'traits.metadata', $$nullif(metadata::text, '')::jsonb$$),
		('stripe.customer', 'fivetran', 'at', $$created$$),
		('stripe.customer', 'fivetran', 'deleted',
			$$coalesce(is_deleted, false) OR coalesce(_fivetran_deleted, false)$$),
		('stripe.customer', 'fivetran', 'deleted', $$is_deleted$$),
		('stripe.customer', 'fivetran', 'deleted', $$_fivetran_deleted$$),
		('stripe.customer', 'fivetran', 'condition', $$livemode$$),
		('stripe.charge', 'fivetran', 'event',
			$$CASE WHEN status = 'succeeded' THEN 'Payment Succeeded' ELSE 'Payment ' || initcap(status) END$$),
		('stripe.charge', 'fivetran', 'identifiers.stripe_customer_id', $$customer_id$$),
		('stripe.charge', 'fivetran', 'identifiers.email', $$coalesce(receipt_email, billing_detail_email)$$),
		('stripe.charge', 'fivetran', 'identifiers.email', $$receipt_email$$),
		('stripe.charge', 'fivetran', 'identifiers.email', $$billing_detail_email$$),
		('stripe.charge', 'fivetran', 'identifiers.phone', $$billing_detail_phone$$),
		('stripe.charge', 'fivetran', 'properties.charge_id', $$id$$),
		('stripe.charge', 'fivetran', 'properties.currency', $$upper(currency)$$),
		('stripe.charge', 'fivetran', 'properties.total',
			$$CASE WHEN upper(currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF',
				'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN amount::numeric ELSE trim_scale(amount / 100.0) END$$),
		('stripe.charge', 'fivetran', 'properties.refunded', $$refunded$$),
		('stripe.charge', 'fivetran', 'properties.description', $$description$$),
		('stripe.charge', 'fivetran', 'properties.invoice_id', $$invoice_id$$),
		('stripe.charge', 'fivetran', 'properties.metadata', $$nullif(metadata::text, '')::jsonb$$),
		('stripe.charge', 'fivetran', 'at', $$created$$),
		('stripe.charge', 'fivetran', 'deleted', $$_fivetran_deleted$$),
		('stripe.charge', 'fivetran', 'condition', $$livemode$$),
		('stripe.subscription', 'fivetran', 'event', $$'Subscription ' || initcap(status)$$),
		('stripe.subscription', 'fivetran', 'identifiers.stripe_customer_id', $$customer_id$$),
		('stripe.subscription', 'fivetran', 'properties.subscription_id', $$id$$),
		('stripe.subscription', 'fivetran', 'properties.status', $$status$$),
		('stripe.subscription', 'fivetran', 'properties.cancel_at_period_end', $$cancel_at_period_end$$),
		('stripe.subscription', 'fivetran', 'key', $$id$$),
		('stripe.subscription', 'fivetran', 'version', $$_fivetran_start$$),
		('stripe.subscription', 'fivetran', 'at', $$coalesce(start_date, created)$$),
		('stripe.subscription', 'fivetran', 'at', $$created$$),
		('stripe.subscription', 'fivetran', 'condition', $$_fivetran_active AND livemode$$),
		('stripe.subscription', 'fivetran', 'condition', $$_fivetran_active$$),
		('stripe.subscription', 'fivetran', 'condition', $$livemode$$),
		('stripe.subscription', 'fivetran', 'deleted', $$_fivetran_deleted$$),
		('stripe.customer', 'airbyte', 'identifiers.stripe_customer_id', $$id$$),
		('stripe.customer', 'airbyte', 'identifiers.email', $$email$$),
		('stripe.customer', 'airbyte', 'identifiers.phone', $$phone$$),
		('stripe.customer', 'airbyte', 'traits.email', $$email$$),
		('stripe.customer', 'airbyte', 'traits.phone', $$phone$$),
		('stripe.customer', 'airbyte', 'traits.name', $$name$$),
		('stripe.customer', 'airbyte', 'traits.description', $$description$$),
		('stripe.customer', 'airbyte', 'traits.metadata', $$metadata::jsonb$$),
		('stripe.customer', 'airbyte', 'key', $$id$$),
		('stripe.customer', 'airbyte', 'at', $$to_timestamp(created)$$),
		('stripe.customer', 'airbyte', 'at', $$created$$),
		('stripe.customer', 'airbyte', 'version', $$_airbyte_extracted_at$$),
		('stripe.customer', 'airbyte', 'deleted', $$is_deleted$$),
		('stripe.customer', 'airbyte', 'condition', $$livemode$$),
		('stripe.charge', 'airbyte', 'event',
			$$CASE WHEN status = 'succeeded' THEN 'Payment Succeeded' ELSE 'Payment ' || initcap(status) END$$),
		('stripe.charge', 'airbyte', 'identifiers.stripe_customer_id', $$customer$$),
		('stripe.charge', 'airbyte', 'identifiers.email', $$coalesce(receipt_email, billing_details ->> 'email')$$),
		('stripe.charge', 'airbyte', 'identifiers.email', $$receipt_email$$),
		('stripe.charge', 'airbyte', 'identifiers.phone', $$billing_details ->> 'phone'$$),
		('stripe.charge', 'airbyte', 'properties.charge_id', $$id$$),
		('stripe.charge', 'airbyte', 'properties.currency', $$upper(currency)$$),
		('stripe.charge', 'airbyte', 'properties.total',
			$$CASE WHEN upper(currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF',
				'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN amount::numeric ELSE trim_scale(amount / 100.0) END$$),
		('stripe.charge', 'airbyte', 'properties.refunded', $$refunded$$),
		('stripe.charge', 'airbyte', 'properties.description', $$description$$),
		('stripe.charge', 'airbyte', 'properties.metadata', $$metadata::jsonb$$),
		('stripe.charge', 'airbyte', 'key', $$id$$),
		('stripe.charge', 'airbyte', 'at', $$to_timestamp(created)$$),
		('stripe.charge', 'airbyte', 'at', $$created$$),
		('stripe.charge', 'airbyte', 'version', $$_airbyte_extracted_at$$),
		('stripe.charge', 'airbyte', 'condition', $$livemode$$),
		-- Shopify: tables made by the REST and by the GraphQL interface have other columns; test orders do not
		-- count; the token of a cart leads from a visit to an order
		('shopify.customer', 'fivetran', 'identifiers.shopify_customer_id', $$id$$),
		('shopify.customer', 'fivetran', 'identifiers.email', $$email$$),
		('shopify.customer', 'fivetran', 'identifiers.phone', $$phone$$),
		('shopify.customer', 'fivetran', 'traits.email', $$email$$),
		('shopify.customer', 'fivetran', 'traits.phone', $$phone$$),
		('shopify.customer', 'fivetran', 'traits.first_name', $$first_name$$),
		('shopify.customer', 'fivetran', 'traits.last_name', $$last_name$$),
		('shopify.customer', 'fivetran', 'traits.state', $$state$$),
		('shopify.customer', 'fivetran', 'traits.accepts_marketing', $$email_marketing_consent_state = 'subscribed'$$),
		('shopify.customer', 'fivetran', 'traits.accepts_marketing', $$accepts_marketing$$),
		('shopify.customer', 'fivetran', 'traits.tags', $$tags$$),
		('shopify.customer', 'fivetran', 'at', $$coalesce(updated_at, created_at)$$),
		('shopify.customer', 'fivetran', 'at', $$created_at$$),
		('shopify.customer', 'fivetran', 'deleted', $$_fivetran_deleted$$),
		('shopify.order', 'fivetran', 'event',
			$$CASE WHEN cancelled_at IS NULL THEN 'Order Completed' ELSE 'Order Cancelled' END$$),
		('shopify.order', 'fivetran', 'identifiers.shopify_customer_id', $$customer_id$$),
		('shopify.order', 'fivetran', 'identifiers.email', $$email$$),
		('shopify.order', 'fivetran', 'identifiers.phone', $$phone$$),
		('shopify.order', 'fivetran', 'identifiers.cart_token', $$cart_token$$),
		('shopify.order', 'fivetran', 'identifiers.checkout_token', $$checkout_token$$),
		('shopify.order', 'fivetran', 'properties.order_id', $$id::text$$),
		('shopify.order', 'fivetran', 'properties.total', $$total_price_set_shop_amount::numeric$$),
		('shopify.order', 'fivetran', 'properties.total', $$total_price::numeric$$),
		('shopify.order', 'fivetran', 'properties.currency', $$currency_code$$),
		('shopify.order', 'fivetran', 'properties.currency', $$currency$$),
		('shopify.order', 'fivetran', 'properties.name', $$name$$),
		('shopify.order', 'fivetran', 'properties.financial_status', $$display_financial_status$$),
		('shopify.order', 'fivetran', 'properties.financial_status', $$financial_status$$),
		('shopify.order', 'fivetran', 'properties.landing_site', $$landing_site_base_url$$),
		('shopify.order', 'fivetran', 'context.ip', $$client_ip$$),
		('shopify.order', 'fivetran', 'context.ip', $$browser_ip$$),
		('shopify.order', 'fivetran', 'at', $$coalesce(processed_at, created_at)$$),
		('shopify.order', 'fivetran', 'at', $$created_at$$),
		('shopify.order', 'fivetran', 'condition', $$NOT test$$),
		('shopify.order', 'fivetran', 'deleted', $$_fivetran_deleted$$),
		('shopify.abandoned_checkout', 'fivetran', 'event', $$'Checkout Started'$$),
		('shopify.abandoned_checkout', 'fivetran', 'identifiers.shopify_customer_id', $$customer_id$$),
		('shopify.abandoned_checkout', 'fivetran', 'identifiers.email', $$email$$),
		('shopify.abandoned_checkout', 'fivetran', 'identifiers.phone', $$phone$$),
		('shopify.abandoned_checkout', 'fivetran', 'identifiers.cart_token', $$cart_token$$),
		('shopify.abandoned_checkout', 'fivetran', 'identifiers.checkout_token', $$token$$),
		('shopify.abandoned_checkout', 'fivetran', 'identifiers.device_id', $$device_id$$),
		('shopify.abandoned_checkout', 'fivetran', 'properties.checkout_id', $$id::text$$),
		('shopify.abandoned_checkout', 'fivetran', 'properties.total', $$total_price::numeric$$),
		('shopify.abandoned_checkout', 'fivetran', 'properties.currency', $$presentment_currency$$),
		('shopify.abandoned_checkout', 'fivetran', 'properties.currency', $$currency$$),
		('shopify.abandoned_checkout', 'fivetran', 'at', $$created_at$$),
		('shopify.abandoned_checkout', 'fivetran', 'deleted', $$_fivetran_deleted$$),
		('shopify.customer', 'airbyte', 'identifiers.shopify_customer_id', $$id$$),
		('shopify.customer', 'airbyte', 'identifiers.email', $$email$$),
		('shopify.customer', 'airbyte', 'identifiers.phone', $$phone$$),
		('shopify.customer', 'airbyte', 'traits.email', $$email$$),
		('shopify.customer', 'airbyte', 'traits.phone', $$phone$$),
		('shopify.customer', 'airbyte', 'traits.first_name', $$first_name$$),
		('shopify.customer', 'airbyte', 'traits.last_name', $$last_name$$),
		('shopify.customer', 'airbyte', 'traits.state', $$state$$),
		('shopify.customer', 'airbyte', 'traits.accepts_marketing',
			$$email_marketing_consent ->> 'state' = 'subscribed'$$),
		('shopify.customer', 'airbyte', 'traits.accepts_marketing', $$accepts_marketing$$),
		('shopify.customer', 'airbyte', 'traits.tags', $$tags$$),
		('shopify.customer', 'airbyte', 'key', $$id$$),
		('shopify.customer', 'airbyte', 'at', $$coalesce(updated_at, created_at)::timestamptz$$),
		('shopify.customer', 'airbyte', 'version', $$_airbyte_extracted_at$$),
		('shopify.customer', 'airbyte', 'deleted', $$deleted_at IS NOT NULL$$),
		('shopify.order', 'airbyte', 'event',
			$$CASE WHEN cancelled_at IS NULL THEN 'Order Completed' ELSE 'Order Cancelled' END$$),
		('shopify.order', 'airbyte', 'identifiers.shopify_customer_id', $$customer ->> 'id'$$),
		('shopify.order', 'airbyte', 'identifiers.email', $$email$$),
		('shopify.order', 'airbyte', 'identifiers.phone', $$phone$$),
		('shopify.order', 'airbyte', 'identifiers.cart_token', $$cart_token$$),
		('shopify.order', 'airbyte', 'identifiers.checkout_token', $$checkout_token$$),
		('shopify.order', 'airbyte', 'properties.order_id', $$id::text$$),
		('shopify.order', 'airbyte', 'properties.total', $$total_price::numeric$$),
		('shopify.order', 'airbyte', 'properties.currency', $$currency$$),
		('shopify.order', 'airbyte', 'properties.name', $$name$$),
		('shopify.order', 'airbyte', 'properties.financial_status', $$financial_status$$),
		('shopify.order', 'airbyte', 'context.ip', $$browser_ip$$),
		('shopify.order', 'airbyte', 'key', $$id$$),
		('shopify.order', 'airbyte', 'at', $$coalesce(processed_at, created_at)::timestamptz$$),
		('shopify.order', 'airbyte', 'at', $$created_at$$),
		('shopify.order', 'airbyte', 'version', $$_airbyte_extracted_at$$),
		('shopify.order', 'airbyte', 'condition', $$NOT test$$),
		('shopify.order', 'airbyte', 'deleted', $$deleted_at IS NOT NULL$$),
		-- Salesforce: ids of 15 and 18 characters name the same record; what was merged into another record, or was
		-- converted, is deleted there, and says who it is now
		('salesforce.contact', 'fivetran', 'identifiers.salesforce_id',
			$$to_jsonb(array_remove(ARRAY[left(id, 15), left(master_record_id, 15)], NULL))$$),
		('salesforce.contact', 'fivetran', 'identifiers.salesforce_id', $$left(id, 15)$$),
		('salesforce.contact', 'fivetran', 'identifiers.email', $$email$$),
		('salesforce.contact', 'fivetran', 'identifiers.phone', $$coalesce(mobile_phone, phone)$$),
		('salesforce.contact', 'fivetran', 'identifiers.phone', $$phone$$),
		('salesforce.contact', 'fivetran', 'traits.email', $$email$$),
		('salesforce.contact', 'fivetran', 'traits.first_name', $$first_name$$),
		('salesforce.contact', 'fivetran', 'traits.last_name', $$last_name$$),
		('salesforce.contact', 'fivetran', 'traits.title', $$title$$),
		('salesforce.contact', 'fivetran', 'traits.phone', $$phone$$),
		('salesforce.contact', 'fivetran', 'traits.mobile_phone', $$mobile_phone$$),
		('salesforce.contact', 'fivetran', 'traits.has_opted_out_of_email', $$has_opted_out_of_email$$),
		('salesforce.contact', 'fivetran', 'traits.salesforce_account_id', $$left(account_id, 15)$$),
		('salesforce.contact', 'fivetran', 'at', $$last_modified_date$$),
		('salesforce.contact', 'fivetran', 'at', $$created_date$$),
		('salesforce.contact', 'fivetran', 'deleted', $$is_deleted AND master_record_id IS NULL$$),
		('salesforce.contact', 'fivetran', 'deleted', $$is_deleted$$),
		('salesforce.lead', 'fivetran', 'identifiers.salesforce_id',
			$$to_jsonb(array_remove(ARRAY[left(id, 15), left(converted_contact_id, 15), left(master_record_id, 15)],
				NULL))$$),
		('salesforce.lead', 'fivetran', 'identifiers.salesforce_id',
			$$to_jsonb(array_remove(ARRAY[left(id, 15), left(converted_contact_id, 15)], NULL))$$),
		('salesforce.lead', 'fivetran', 'identifiers.salesforce_id', $$left(id, 15)$$),
		('salesforce.lead', 'fivetran', 'identifiers.email', $$email$$),
		('salesforce.lead', 'fivetran', 'identifiers.phone', $$coalesce(mobile_phone, phone)$$),
		('salesforce.lead', 'fivetran', 'identifiers.phone', $$phone$$),
		('salesforce.lead', 'fivetran', 'traits.email', $$email$$),
		('salesforce.lead', 'fivetran', 'traits.first_name', $$first_name$$),
		('salesforce.lead', 'fivetran', 'traits.last_name', $$last_name$$),
		('salesforce.lead', 'fivetran', 'traits.title', $$title$$),
		('salesforce.lead', 'fivetran', 'traits.company', $$company$$),
		('salesforce.lead', 'fivetran', 'traits.lead_status', $$status$$),
		('salesforce.lead', 'fivetran', 'traits.lead_source', $$lead_source$$),
		('salesforce.lead', 'fivetran', 'traits.has_opted_out_of_email', $$has_opted_out_of_email$$),
		('salesforce.lead', 'fivetran', 'at', $$last_modified_date$$),
		('salesforce.lead', 'fivetran', 'at', $$created_date$$),
		('salesforce.lead', 'fivetran', 'deleted', $$is_deleted AND master_record_id IS NULL$$),
		('salesforce.lead', 'fivetran', 'deleted', $$is_deleted$$),
		('salesforce.account', 'fivetran', 'type', $$group$$),
		('salesforce.account', 'fivetran', 'group_id', $$left(id, 15)$$),
		('salesforce.account', 'fivetran', 'traits.name', $$name$$),
		('salesforce.account', 'fivetran', 'traits.industry', $$industry$$),
		('salesforce.account', 'fivetran', 'traits.website', $$website$$),
		('salesforce.account', 'fivetran', 'traits.employees', $$number_of_employees$$),
		('salesforce.account', 'fivetran', 'traits.parent_id', $$left(parent_id, 15)$$),
		('salesforce.account', 'fivetran', 'at', $$last_modified_date$$),
		('salesforce.account', 'fivetran', 'at', $$created_date$$),
		('salesforce.account', 'fivetran', 'deleted', $$is_deleted$$),
		('salesforce.contact', 'airbyte', 'identifiers.salesforce_id',
			$$to_jsonb(array_remove(ARRAY[left("Id", 15), left("MasterRecordId", 15)], NULL))$$),
		('salesforce.contact', 'airbyte', 'identifiers.salesforce_id', $$left("Id", 15)$$),
		('salesforce.contact', 'airbyte', 'identifiers.email', $$"Email"$$),
		('salesforce.contact', 'airbyte', 'identifiers.phone', $$coalesce("MobilePhone", "Phone")$$),
		('salesforce.contact', 'airbyte', 'identifiers.phone', $$"Phone"$$),
		('salesforce.contact', 'airbyte', 'traits.email', $$"Email"$$),
		('salesforce.contact', 'airbyte', 'traits.first_name', $$"FirstName"$$),
		('salesforce.contact', 'airbyte', 'traits.last_name', $$"LastName"$$),
		('salesforce.contact', 'airbyte', 'traits.title', $$"Title"$$),
		('salesforce.contact', 'airbyte', 'traits.phone', $$"Phone"$$),
		('salesforce.contact', 'airbyte', 'traits.mobile_phone', $$"MobilePhone"$$),
		('salesforce.contact', 'airbyte', 'traits.has_opted_out_of_email', $$"HasOptedOutOfEmail"$$),
		('salesforce.contact', 'airbyte', 'traits.salesforce_account_id', $$left("AccountId", 15)$$),
		('salesforce.contact', 'airbyte', 'key', $$"Id"$$),
		('salesforce.contact', 'airbyte', 'at', $$"SystemModstamp"::timestamptz$$),
		('salesforce.contact', 'airbyte', 'version', $$_airbyte_extracted_at$$),
		('salesforce.contact', 'airbyte', 'deleted', $$"IsDeleted" AND "MasterRecordId" IS NULL$$),
		('salesforce.contact', 'airbyte', 'deleted', $$"IsDeleted"$$),
		('salesforce.lead', 'airbyte', 'identifiers.salesforce_id',
			$$to_jsonb(array_remove(ARRAY[left("Id", 15), left("ConvertedContactId", 15),
				left("MasterRecordId", 15)], NULL))$$),
		('salesforce.lead', 'airbyte', 'identifiers.salesforce_id', $$left("Id", 15)$$),
		('salesforce.lead', 'airbyte', 'identifiers.email', $$"Email"$$),
		('salesforce.lead', 'airbyte', 'identifiers.phone', $$coalesce("MobilePhone", "Phone")$$),
		('salesforce.lead', 'airbyte', 'identifiers.phone', $$"Phone"$$),
		('salesforce.lead', 'airbyte', 'traits.email', $$"Email"$$),
		('salesforce.lead', 'airbyte', 'traits.first_name', $$"FirstName"$$),
		('salesforce.lead', 'airbyte', 'traits.last_name', $$"LastName"$$),
		('salesforce.lead', 'airbyte', 'traits.company', $$"Company"$$),
		('salesforce.lead', 'airbyte', 'traits.lead_status', $$"Status"$$),
		('salesforce.lead', 'airbyte', 'traits.lead_source', $$"LeadSource"$$),
		('salesforce.lead', 'airbyte', 'traits.has_opted_out_of_email', $$"HasOptedOutOfEmail"$$),
		('salesforce.lead', 'airbyte', 'key', $$"Id"$$),
		('salesforce.lead', 'airbyte', 'at', $$"SystemModstamp"::timestamptz$$),
		('salesforce.lead', 'airbyte', 'version', $$_airbyte_extracted_at$$),
		('salesforce.lead', 'airbyte', 'deleted', $$"IsDeleted" AND "MasterRecordId" IS NULL$$),
		('salesforce.lead', 'airbyte', 'deleted', $$"IsDeleted"$$),
		-- GA4: events have no id, so the key is made of what tells them apart; rows of the day are written anew until
		-- the day is over; times are microseconds in UTC
		('ga4.event', 'fivetran', 'event', $$event_name$$),
		('ga4.event', 'fivetran', 'identifiers.ga_client_id', $$user_pseudo_id$$),
		('ga4.event', 'fivetran', 'identifiers.user_id', $$user_id$$),
		('ga4.event', 'fivetran', 'properties', $$*$$),
		('ga4.event', 'fivetran', 'key',
			$$concat_ws('|', user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id,
				batch_event_index, batch_ordering_id, batch_page_id)$$),
		('ga4.event', 'fivetran', 'key',
			$$concat_ws('|', user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id,
				batch_event_index)$$),
		('ga4.event', 'fivetran', 'key',
			$$concat_ws('|', user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id)$$),
		('ga4.event', 'fivetran', 'at', $$to_timestamp(event_timestamp / 1000000.0)$$),
		('ga4.event', 'fivetran', 'at', $$event_timestamp$$),
		('ga4.event', 'fivetran', 'condition', $$NOT is_intraday$$),
		('ga4.event', 'fivetran', 'deleted', $$_fivetran_deleted$$),
		('ga4.event', 'airbyte', 'event', $$event_name$$),
		('ga4.event', 'airbyte', 'identifiers.ga_client_id', $$user_pseudo_id$$),
		('ga4.event', 'airbyte', 'identifiers.user_id', $$user_id$$),
		('ga4.event', 'airbyte', 'properties.params',
			$$(SELECT jsonb_object_agg(p.param ->> 'key', coalesce(p.param #> '{value,string_value}', p.param #>
				'{value,int_value}', p.param #> '{value,float_value}', p.param #> '{value,double_value}')) FROM
				jsonb_array_elements(event_params::jsonb) AS p (param) WHERE p.param ->> 'key' IS NOT NULL)$$),
		('ga4.event', 'airbyte', 'properties.transaction_id', $$ecommerce ->> 'transaction_id'$$),
		('ga4.event', 'airbyte', 'properties.stream_id', $$stream_id$$),
		('ga4.event', 'airbyte', 'properties.platform', $$platform$$),
		('ga4.event', 'airbyte', 'key',
			$$concat_ws('|', user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id,
				batch_event_index)$$),
		('ga4.event', 'airbyte', 'key',
			$$concat_ws('|', user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id)$$),
		('ga4.event', 'airbyte', 'at', $$to_timestamp(event_timestamp / 1000000.0)$$),
		('ga4.event', 'airbyte', 'at', $$event_timestamp$$))
		AS v (name, written_by, member, expression);
END;
COMMENT ON FUNCTION cdp_internal.connection_templates() IS
	'Internal: returns the ready mappings, by the name of a table and the service that writes it: expressions of their '
	'members, in the order in which they are preferred.';

CREATE FUNCTION cdp_internal.fits_table(relation oid, expression text) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_expression(relation, expression, 'text'::regtype, 'alternative');
	RETURN true;
EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
	RETURN false;
END
$function$;
COMMENT ON FUNCTION cdp_internal.fits_table(oid, text) IS
	'Internal: returns whether a table has what an expression names.';

CREATE FUNCTION cdp.connection_template(name text, written_by text, table_name regclass DEFAULT NULL) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- services name a table charge or charges
	singular text := regexp_replace(lower(name), 's$', '');
	mapping jsonb := '{}';
	path text[];
	m record;
BEGIN
	PERFORM cdp_internal.check_tables();
	FOR m IN
		SELECT t.member, t.expression
		FROM cdp_internal.connection_templates() t
		WHERE t.name = singular AND t.written_by = lower(connection_template.written_by)
		ORDER BY t.place
	LOOP
		path := string_to_array(m.member, '.');
		IF mapping #> path IS NULL AND (table_name IS NULL OR m.member = 'type' OR m.expression = '*'
			OR cdp_internal.fits_table(table_name, m.expression)) THEN
			IF cardinality(path) = 2 AND NOT mapping ? path[1] THEN
				mapping := jsonb_set(mapping, path[1:1], '{}');
			END IF;
			mapping := jsonb_set(mapping, path, to_jsonb(m.expression));
		END IF;
	END LOOP;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no template "%" of tables that "%" writes', left(name, 64),
			left(connection_template.written_by, 64)
			USING ERRCODE = 'undefined_object',
			HINT = (
				SELECT 'There are ' || string_agg(DISTINCT format('%s by %s', t.name, t.written_by), ', ') || '.'
				FROM cdp_internal.connection_templates() t);
	END IF;
	RETURN mapping;
END
$function$;
COMMENT ON FUNCTION cdp.connection_template(text, text, regclass) IS
$comment$Returns a ready mapping for cdp.connect(): of tables of Stripe, Shopify, Salesforce and GA4 as Fivetran and
Airbyte write them, for example cdp.connection_template('stripe.charges', 'fivetran', 'stripe.charge'). table_name: the
table, whose columns decide between the names that the services have given them; without it, the newest names. Change
what is to be otherwise: cdp.connection_template(…) || '{"event": "…"}'.
Fivetran's _fivetran_synced is no column to follow by: re-syncs and TRUNCATE pass it by; use triggers. Airbyte's
_airbyte_raw_id is no key of a row.
Errors: no such template (42704; the hint lists all).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.connection_templates(), cdp_internal.fits_table(oid, text),
	cdp.connection_template(text, text, regclass) FROM PUBLIC;
