//! The tables as diesel sees them: what `migrations/` builds, column by column.
//! `tests/house` compares this file with a freshly migrated database; change both together.

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    people (id) {
        id -> Text,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        confirmed_at -> Nullable<Timestamp>,
        disabled_at -> Nullable<Timestamp>,
        verified -> Nullable<Bool>,
        suspended -> Bool,
        time_zone -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    staff_sellers (person_id, seller_id) {
        person_id -> Text,
        seller_id -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        person_id -> Nullable<Text>,
        token_hash -> Text,
        device -> Text,
        created_at -> Timestamp,
        seen_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    tokens (id) {
        id -> Text,
        person_id -> Text,
        purpose -> Text,
        token_hash -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    attempts (id) {
        id -> Text,
        subject -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    sellers (id) {
        id -> Text,
        slug -> Text,
        name -> Text,
        mail_address -> Text,
        policy -> Text,
        currency -> Text,
        time_zone -> Nullable<Text>,
        holidays_json -> Nullable<Text>,
        fee_schedule_json -> Nullable<Text>,
        large_refund_threshold_e8 -> Nullable<BigInt>,
        agent_limit_e8 -> BigInt,
        lead_limit_e8 -> BigInt,
        created_at -> Timestamp,
    }
}

diesel::table! {
    policies (id) {
        id -> Text,
        policy -> Text,
        version -> Text,
        title -> Text,
        valid_from -> Timestamp,
        hash -> Text,
        document -> Text,
        published_by -> Text,
        published_at -> Timestamp,
    }
}

diesel::table! {
    methods (id) {
        id -> Text,
        customer_id -> Text,
        seller_id -> Text,
        reference -> Text,
        label -> Text,
        state -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    deposits (id) {
        id -> Text,
        seller_id -> Text,
        customer_id -> Text,
        method_id -> Text,
        reference -> Text,
        at -> Timestamp,
        currency -> Text,
        amount_e8 -> BigInt,
        paid_e8 -> Nullable<BigInt>,
        paid_currency -> Nullable<Text>,
        surcharge_e8 -> Nullable<BigInt>,
        refunded_e8 -> BigInt,
        disputed_e8 -> BigInt,
    }
}

diesel::table! {
    services (id) {
        id -> Text,
        seller_id -> Text,
        reference -> Text,
        name -> Text,
        snapshot_json -> Text,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    orders (id) {
        id -> Text,
        number -> Text,
        seller_id -> Text,
        customer_id -> Text,
        service_id -> Nullable<Text>,
        reference -> Text,
        title -> Text,
        target -> Text,
        placed_at -> Nullable<Timestamp>,
        currency -> Text,
        charge_e8 -> Nullable<BigInt>,
        tax_included_e8 -> Nullable<BigInt>,
        quantity -> Nullable<BigInt>,
        remains -> Nullable<Text>,
        status -> Text,
        canceled_by -> Nullable<Text>,
        paid_with_json -> Nullable<Text>,
        snapshot_json -> Text,
        items -> BigInt,
        period_ends_on -> Nullable<Date>,
        confirmed_at -> Nullable<Timestamp>,
        sent_at -> Nullable<Timestamp>,
        sms -> Nullable<Text>,
        sms_received_at -> Nullable<Timestamp>,
        refunded_e8 -> BigInt,
        disputed_e8 -> BigInt,
        seq -> BigInt,
    }
}

diesel::table! {
    order_events (id) {
        id -> Text,
        order_id -> Text,
        at -> Timestamp,
        status -> Text,
        remains -> Nullable<Text>,
        source -> Text,
    }
}

diesel::table! {
    imports (id) {
        id -> Text,
        seller_id -> Text,
        kind -> Text,
        file_name -> Text,
        at -> Timestamp,
        who -> Text,
        lines -> BigInt,
        added -> BigInt,
        changed -> BigInt,
        same -> BigInt,
        refused -> BigInt,
        report_json -> Text,
    }
}

diesel::table! {
    accounts (id) {
        id -> Text,
        seller_id -> Text,
        kind -> Text,
        owner_id -> Text,
        currency -> Text,
        seq -> BigInt,
        balance_e8 -> BigInt,
    }
}

diesel::table! {
    journals (id) {
        id -> Text,
        seller_id -> Text,
        seq -> BigInt,
        kind -> Text,
        key -> Text,
        reference -> Text,
        reverses_id -> Nullable<Text>,
        who -> Text,
        at -> Timestamp,
        prev_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    entries (id) {
        id -> Text,
        journal_id -> Text,
        account_id -> Text,
        seq -> BigInt,
        amount_e8 -> BigInt,
        currency -> Text,
    }
}

diesel::table! {
    lots (id) {
        id -> Text,
        seller_id -> Text,
        customer_id -> Text,
        currency -> Text,
        source -> Text,
        deposit_id -> Nullable<Text>,
        reference -> Text,
        at -> Timestamp,
        expires_at -> Nullable<Timestamp>,
        original_e8 -> BigInt,
        remaining_e8 -> BigInt,
        debt_e8 -> BigInt,
        frozen -> Bool,
    }
}

diesel::table! {
    lot_moves (id) {
        id -> Text,
        lot_id -> Text,
        journal_id -> Text,
        order_id -> Nullable<Text>,
        amount_e8 -> BigInt,
        at -> Timestamp,
    }
}

diesel::table! {
    tickets (id) {
        id -> Text,
        number -> Text,
        seller_id -> Text,
        customer_id -> Text,
        subject -> Text,
        state -> Text,
        assignee_id -> Nullable<Text>,
        via -> Text,
        opened_at -> Timestamp,
        opened_on -> Date,
        changed_at -> Timestamp,
        closed_at -> Nullable<Timestamp>,
        next_due_at -> Nullable<Timestamp>,
        next_due_kind -> Nullable<Text>,
        next_due_firm -> Bool,
        seq -> BigInt,
        priority -> Nullable<Text>,
    }
}

diesel::table! {
    messages (id) {
        id -> Text,
        ticket_id -> Text,
        author_id -> Nullable<Text>,
        kind -> Text,
        body -> Text,
        via -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    claims (id) {
        id -> Text,
        number -> Text,
        ticket_id -> Text,
        seller_id -> Text,
        customer_id -> Text,
        order_id -> Nullable<Text>,
        subject -> Text,
        ground -> Text,
        policy_id -> Text,
        state -> Text,
        channel -> Text,
        reason -> Text,
        currency -> Text,
        requested_e8 -> Nullable<BigInt>,
        remedy_choice -> Nullable<Text>,
        received_at -> Timestamp,
        received_on -> Date,
        decided_at -> Nullable<Timestamp>,
        approved_at -> Nullable<Timestamp>,
        appealed_at -> Nullable<Timestamp>,
        outcome -> Text,
        computed_e8 -> Nullable<BigInt>,
        granted_e8 -> Nullable<BigInt>,
        flagged -> Bool,
        seq -> BigInt,
        clause -> Nullable<Text>,
    }
}

diesel::table! {
    facts (id) {
        id -> Text,
        claim_id -> Text,
        seq -> BigInt,
        name -> Text,
        value_json -> Text,
        source -> Text,
        who -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    drafts (id) {
        id -> Text,
        person_id -> Text,
        seller_id -> Text,
        order_id -> Nullable<Text>,
        answers_json -> Text,
        changed_at -> Timestamp,
        filed_as -> Nullable<Text>,
    }
}

diesel::table! {
    files (id) {
        id -> Text,
        owner_id -> Text,
        draft_id -> Nullable<Text>,
        ticket_id -> Nullable<Text>,
        message_id -> Nullable<Text>,
        claim_id -> Nullable<Text>,
        name -> Text,
        kind -> Text,
        bytes -> BigInt,
        sha256 -> Text,
        blob -> Text,
        at -> Timestamp,
        removed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    evidence (id) {
        id -> Text,
        claim_id -> Text,
        kind -> Text,
        file_id -> Nullable<Text>,
        who -> Text,
        received_at -> Timestamp,
    }
}

diesel::table! {
    assessments (id) {
        id -> Text,
        claim_id -> Text,
        seq -> BigInt,
        at -> Timestamp,
        policy_id -> Text,
        policy_hash -> Text,
        engine -> Text,
        facts_json -> Text,
        result_json -> Text,
        outcome -> Text,
        amount_e8 -> Nullable<BigInt>,
    }
}

diesel::table! {
    decisions (id) {
        id -> Text,
        seller_id -> Text,
        chain -> BigInt,
        claim_id -> Text,
        seq -> BigInt,
        assessment_id -> Text,
        verdict -> Text,
        currency -> Text,
        computed_e8 -> Nullable<BigInt>,
        amount_e8 -> BigInt,
        override_reason -> Nullable<Text>,
        words -> Text,
        decided_by -> Text,
        at -> Timestamp,
        prev_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    disputes (id) {
        id -> Text,
        number -> Text,
        seller_id -> Text,
        customer_id -> Text,
        order_id -> Nullable<Text>,
        deposit_id -> Nullable<Text>,
        status -> Text,
        reason -> Nullable<Text>,
        currency -> Text,
        amount_e8 -> BigInt,
        contacted_first -> Nullable<Bool>,
        answered_in_time -> Nullable<Bool>,
        reference -> Text,
        opened_at -> Timestamp,
        evidence_due_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    dispute_facts (id) {
        id -> Text,
        dispute_id -> Text,
        seq -> BigInt,
        name -> Text,
        value -> Nullable<Text>,
        why -> Text,
        who -> Text,
        who_label -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    sanctions (id) {
        id -> Text,
        number -> Text,
        seller_id -> Text,
        customer_id -> Text,
        dispute_id -> Text,
        kind -> Text,
        policy_id -> Text,
        clause -> Text,
        reason -> Text,
        starts_at -> Timestamp,
        ends_at -> Nullable<Timestamp>,
        currency -> Nullable<Text>,
        amount_e8 -> Nullable<BigInt>,
        decided_by -> Text,
        decided_by_label -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    lifts (sanction_id) {
        sanction_id -> Text,
        reason -> Text,
        lifted_by -> Text,
        lifted_by_label -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    payouts (id) {
        id -> Text,
        number -> Text,
        seller_id -> Text,
        customer_id -> Text,
        claim_id -> Text,
        decision_id -> Text,
        deposit_id -> Nullable<Text>,
        order_id -> Nullable<Text>,
        method -> Text,
        destination -> Text,
        currency -> Text,
        amount_e8 -> BigInt,
        pay_currency -> Text,
        pay_e8 -> BigInt,
        state -> Text,
        key -> Text,
        reference -> Nullable<Text>,
        requested_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
        settled_at -> Nullable<Timestamp>,
        sent_by -> Nullable<Text>,
        seq -> BigInt,
        batch_id -> Nullable<Text>,
        tries -> Nullable<BigInt>,
        tried_at -> Nullable<Timestamp>,
        next_at -> Nullable<Timestamp>,
        lease_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    gateway_messages (id) {
        id -> Text,
        at -> Timestamp,
        key -> Text,
        payout_id -> Nullable<Text>,
        told -> Text,
        outcome -> Text,
        why -> Text,
        body -> Text,
    }
}

diesel::table! {
    policy_drafts (id) {
        id -> Text,
        number -> Text,
        policy -> Text,
        base_id -> Text,
        state -> Text,
        seq -> BigInt,
        begun_by -> Text,
        begun_at -> Timestamp,
    }
}

diesel::table! {
    policy_texts (id) {
        id -> Text,
        draft_id -> Text,
        seq -> BigInt,
        document -> Text,
        written_by -> Text,
        written_at -> Timestamp,
    }
}

diesel::table! {
    policy_proposals (id) {
        id -> Text,
        draft_id -> Text,
        text_id -> Text,
        hash -> Text,
        words -> Text,
        warnings_json -> Text,
        proposed_by -> Text,
        proposed_at -> Timestamp,
        state -> Text,
        settled_by -> Nullable<Text>,
        settled_at -> Nullable<Timestamp>,
        settled_words -> Nullable<Text>,
        policy_id -> Nullable<Text>,
    }
}

diesel::table! {
    policy_trials (id) {
        id -> Text,
        draft_id -> Text,
        text_id -> Text,
        person_id -> Text,
        seller_id -> Nullable<Text>,
        from_on -> Date,
        to_on -> Date,
        state -> Text,
        total -> BigInt,
        judged -> BigInt,
        after_day -> Text,
        tally_json -> Text,
        started_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    policy_flips (id) {
        id -> Text,
        trial_id -> Text,
        claim_id -> Text,
        change -> Text,
        old_outcome -> Text,
        new_outcome -> Text,
        currency -> Text,
        old_e8 -> Nullable<BigInt>,
        new_e8 -> Nullable<BigInt>,
        granted_e8 -> Nullable<BigInt>,
        clauses -> Text,
    }
}

diesel::table! {
    report_days (seller_id, on_day) {
        seller_id -> Text,
        on_day -> Date,
        promises_json -> Text,
        broken_json -> Text,
        requests_json -> Text,
        judged_json -> Text,
        made_at -> Timestamp,
    }
}

diesel::joinable!(gateway_messages -> payouts (payout_id));

diesel::table! {
    payout_batches (id) {
        id -> Text,
        number -> Text,
        seller_id -> Text,
        made_by -> Text,
        made_at -> Timestamp,
        lines -> BigInt,
        file -> Text,
    }
}

diesel::table! {
    clocks (id) {
        id -> Text,
        ticket_id -> Text,
        claim_id -> Nullable<Text>,
        seller_id -> Text,
        kind -> Text,
        clause -> Text,
        firmness -> Text,
        starts_at -> Timestamp,
        from_at -> Nullable<Timestamp>,
        due_at -> Timestamp,
        paused_at -> Nullable<Timestamp>,
        stopped_at -> Nullable<Timestamp>,
        state -> Text,
        breached_at -> Nullable<Timestamp>,
        calendar_json -> Text,
        starts_on -> Date,
        due_on -> Date,
        declared_json -> Nullable<Text>,
        warn_at -> Nullable<Timestamp>,
        priority -> Nullable<Text>,
        worked_s -> Nullable<BigInt>,
    }
}

diesel::table! {
    calendars (id) {
        id -> Text,
        seller_id -> Text,
        version -> BigInt,
        valid_from -> Date,
        calendar_json -> Text,
        names_json -> Text,
        source -> Text,
        published_at -> Timestamp,
        published_by -> Text,
    }
}

diesel::table! {
    warnings (id) {
        id -> Text,
        clock_id -> Text,
        step -> Text,
        at -> Timestamp,
        due_at -> Timestamp,
    }
}

diesel::table! {
    events (id) {
        id -> Text,
        seller_id -> Text,
        seq -> BigInt,
        kind -> Text,
        ticket_id -> Nullable<Text>,
        claim_id -> Nullable<Text>,
        order_id -> Nullable<Text>,
        who -> Text,
        who_label -> Text,
        via -> Text,
        at -> Timestamp,
        public_words -> Nullable<Text>,
        words -> Text,
        data_json -> Text,
        prev_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    outbox (id) {
        id -> Text,
        key -> Text,
        kind -> Text,
        seller_id -> Nullable<Text>,
        ticket_id -> Nullable<Text>,
        claim_id -> Nullable<Text>,
        from_name -> Text,
        recipient -> Text,
        subject -> Text,
        text -> Text,
        html -> Text,
        message_id -> Text,
        automatic -> Bool,
        state -> Text,
        attempts -> BigInt,
        next_at -> Timestamp,
        lease -> Nullable<Text>,
        last_error -> Nullable<Text>,
        created_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
        from_address -> Nullable<Text>,
        token -> Nullable<Text>,
        in_reply_to -> Nullable<Text>,
        thread -> Nullable<Text>,
        bounced_at -> Nullable<Timestamp>,
        bounce -> Nullable<Text>,
        topic -> Nullable<Text>,
    }
}

diesel::table! {
    suppressions (address) {
        address -> Text,
        reason -> Text,
        letter_id -> Nullable<Text>,
        at -> Timestamp,
    }
}

diesel::table! {
    mailboxes (seller_id) {
        seller_id -> Text,
        address -> Text,
        since -> Timestamp,
    }
}

diesel::table! {
    inbox (id) {
        id -> Text,
        number -> Text,
        key -> Text,
        sha256 -> Text,
        blob -> Text,
        bytes -> BigInt,
        via -> Text,
        envelope_from -> Nullable<Text>,
        envelope_to -> Nullable<Text>,
        received_at -> Timestamp,
        state -> Text,
        why -> Nullable<Text>,
        attempts -> BigInt,
        next_at -> Timestamp,
        seller_id -> Nullable<Text>,
        sender -> Nullable<Text>,
        sender_name -> Text,
        subject -> Text,
        message_id -> Nullable<Text>,
        verdict -> Text,
        vouched_by -> Nullable<Text>,
        ticket_id -> Nullable<Text>,
        message_row -> Nullable<Text>,
        letter_id -> Nullable<Text>,
        settled_at -> Nullable<Timestamp>,
        left_out -> Nullable<Text>,
    }
}

diesel::table! {
    imap_accounts (seller_id) {
        seller_id -> Text,
        host -> Text,
        port -> BigInt,
        security -> Text,
        login -> Text,
        password -> Text,
        folder -> Text,
        connected_at -> Timestamp,
        uid_validity -> Nullable<BigInt>,
        last_uid -> BigInt,
        old_uid -> BigInt,
        stuck_uid -> Nullable<BigInt>,
        stuck_times -> BigInt,
        checked_at -> Nullable<Timestamp>,
        next_at -> Timestamp,
        lease -> Nullable<Text>,
        failures -> BigInt,
        problem -> Nullable<Text>,
    }
}

diesel::table! {
    reply_addresses (token_hash) {
        token_hash -> Text,
        letter_id -> Text,
        ticket_id -> Nullable<Text>,
        mail_id -> Nullable<Text>,
        recipient -> Text,
        created_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    forms (key) {
        key -> Text,
        person_id -> Text,
        fingerprint -> Text,
        location -> Text,
        flash -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    exceptions (id) {
        id -> Text,
        seller_id -> Text,
        claim_id -> Text,
        seq -> BigInt,
        assessment_id -> Text,
        currency -> Text,
        computed_e8 -> Nullable<BigInt>,
        amount_e8 -> BigInt,
        override_reason -> Nullable<Text>,
        words -> Text,
        proposed_by -> Text,
        proposed_at -> Timestamp,
        state -> Text,
        settled_by -> Nullable<Text>,
        settled_at -> Nullable<Timestamp>,
        settled_words -> Nullable<Text>,
        decision_id -> Nullable<Text>,
    }
}

diesel::table! {
    kept_forms (id) {
        id -> Text,
        person_id -> Text,
        path -> Text,
        page -> Text,
        with_files -> Bool,
        fields_json -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    panels (seller_id) {
        seller_id -> Text,
        url -> Text,
        api_key -> Text,
        connected_at -> Timestamp,
        next_at -> Timestamp,
        lease -> Nullable<Text>,
        failures -> BigInt,
        problem -> Nullable<Text>,
        answered_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    panel_orders (order_id) {
        order_id -> Text,
        seller_id -> Text,
        reference -> Text,
        next_at -> Nullable<Timestamp>,
        failures -> BigInt,
        problem -> Nullable<Text>,
        answered_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    tasks (id) {
        id -> Text,
        seller_id -> Text,
        claim_id -> Text,
        kind -> Text,
        state -> Text,
        owner_id -> Nullable<Text>,
        opened_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<Text>,
        result -> Nullable<Text>,
        value_e8 -> Nullable<BigInt>,
    }
}

diesel::table! {
    panel_requests (id) {
        id -> Text,
        seller_id -> Text,
        order_id -> Text,
        claim_id -> Nullable<Text>,
        action -> Text,
        state -> Text,
        reference -> Nullable<Text>,
        answer -> Nullable<Text>,
        asked_by -> Text,
        asked_at -> Timestamp,
        next_at -> Timestamp,
        failures -> BigInt,
        sent_at -> Nullable<Timestamp>,
        settled_at -> Nullable<Timestamp>,
    }
}

diesel::joinable!(tickets -> people (customer_id));
diesel::joinable!(clocks -> sellers (seller_id));
diesel::joinable!(clocks -> tickets (ticket_id));
diesel::joinable!(warnings -> clocks (clock_id));
diesel::joinable!(calendars -> sellers (seller_id));
diesel::joinable!(claims -> sellers (seller_id));
diesel::joinable!(decisions -> claims (claim_id));
diesel::joinable!(policy_flips -> claims (claim_id));
diesel::joinable!(lots -> deposits (deposit_id));
diesel::joinable!(deposits -> methods (method_id));
diesel::joinable!(lot_moves -> lots (lot_id));
diesel::joinable!(lot_moves -> journals (journal_id));
diesel::joinable!(lot_moves -> orders (order_id));
diesel::joinable!(payouts -> deposits (deposit_id));
diesel::joinable!(claims -> tickets (ticket_id));

diesel::joinable!(disputes -> deposits (deposit_id));
diesel::joinable!(lifts -> sanctions (sanction_id));
diesel::joinable!(entries -> accounts (account_id));
diesel::joinable!(entries -> journals (journal_id));

diesel::allow_tables_to_appear_in_same_query! {
    counters, people, staff_sellers, sessions, tokens, attempts, sellers, policies, methods, deposits, services, orders,
    order_events, imports, accounts, journals, entries, lots, lot_moves, tickets, messages, claims, facts, drafts,
    files, evidence, assessments, decisions, disputes, dispute_facts, sanctions, lifts, payouts, payout_batches,
    gateway_messages, clocks, calendars, warnings, events, outbox, mailboxes, inbox, imap_accounts, reply_addresses,
    suppressions, forms, kept_forms, exceptions, panels, panel_orders, tasks, panel_requests, policy_drafts,
    policy_texts, policy_proposals, policy_trials, policy_flips, report_days,
}
