//! The fault-injecting ports of the log, its trail, personal data and maintenance.

use super::*;

#[async_trait]
impl AuditStore for Breaking {
    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        self.read(self.inner.events(filter, page, limit)).await
    }

    async fn record(&self, act: &str, event: NewEvent<'_>) -> Result<(), StoreError> {
        self.act(self.inner.record(act, event)).await
    }
}

#[async_trait]
impl PersonalDataStore for Breaking {
    async fn personal_data(&self, customer: CustomerId) -> Result<Vec<DataSection>, StoreError> {
        self.read(self.inner.personal_data(customer)).await
    }

    async fn erase_customer(
        &self,
        act: &str,
        customer: CustomerId,
        reason: &str,
        actor: &Actor,
        key: Option<&RemovalKey>,
    ) -> Result<ErasureOutcome, StoreError> {
        self.act(self.inner.erase_customer(act, customer, reason, actor, key)).await
    }

    async fn set_hold(
        &self,
        act: &str,
        customer: CustomerId,
        hold: bool,
        reason: &str,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.set_hold(act, customer, hold, reason, actor)).await
    }
}

#[async_trait]
impl TrailStore for Breaking {
    async fn trail_head(&self) -> Result<TrailHead, StoreError> {
        self.read(self.inner.trail_head()).await
    }

    async fn seal(&self, sealer: &dyn Sealer, most: u32) -> Result<SealOutcome, StoreError> {
        self.act(self.inner.seal(sealer, most)).await
    }

    async fn unsealed(&self, most: u32) -> Result<u32, StoreError> {
        self.read(self.inner.unsealed(most)).await
    }

    async fn leaves(&self, from: u64, most: u32) -> Result<Vec<StoredLeaf>, StoreError> {
        self.read(self.inner.leaves(from, most)).await
    }

    async fn stored_events(
        &self,
        after: EventId,
        up_to: EventId,
        most: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.read(self.inner.stored_events(after, up_to, most)).await
    }

    async fn stored_events_of(&self, events: &[EventId]) -> Result<Vec<StoredEvent>, StoreError> {
        self.read(self.inner.stored_events_of(events)).await
    }

    async fn nodes(&self, from: Subtree, most: u32) -> Result<Vec<TreeHash>, StoreError> {
        self.read(self.inner.nodes(from, most)).await
    }

    async fn leaf_from(&self, event: EventId) -> Result<Option<u64>, StoreError> {
        self.read(self.inner.leaf_from(event)).await
    }

    async fn event_at(&self, moment: Timestamp) -> Result<EventId, StoreError> {
        self.read(self.inner.event_at(moment)).await
    }

    async fn checkpoints(&self, over: u64, most: u32) -> Result<Vec<String>, StoreError> {
        self.read(self.inner.checkpoints(over, most)).await
    }
}

#[async_trait]
impl StatsStore for Breaking {
    async fn stats(&self, query: &StatsQuery) -> Result<StatsFound, StoreError> {
        self.read(self.inner.stats(query)).await
    }

    async fn rebuild_stats(&self, most: u32, actor: &Actor) -> Result<RebuildStep, StoreError> {
        self.act(self.inner.rebuild_stats(most, actor)).await
    }
}

#[async_trait]
impl OversightStore for Breaking {
    async fn oversight(&self, failure_cap: u32) -> Result<Oversight, StoreError> {
        self.read(self.inner.oversight(failure_cap)).await
    }
}

#[async_trait]
impl AlarmMailStore for Breaking {
    async fn claim_alarm_mail(
        &self,
        to: &Contact,
        most: u32,
    ) -> Result<Option<AlarmBatch>, StoreError> {
        self.act(self.inner.claim_alarm_mail(to, most)).await
    }

    async fn complete_alarm_mail(&self, outcome: AlarmMailOutcome<'_>) -> Result<(), StoreError> {
        self.act(self.inner.complete_alarm_mail(outcome)).await
    }

    async fn alarm_mail_status(&self, to: &Contact) -> Result<AlarmMailStatus, StoreError> {
        self.read(self.inner.alarm_mail_status(to)).await
    }
}

#[async_trait]
impl AlarmStore for Breaking {
    async fn alarm_material(&self, of_day: StatsSpan) -> Result<AlarmMaterial, StoreError> {
        self.read(self.inner.alarm_material(of_day)).await
    }

    async fn raise_alarms(&self, new: &NewAlarms<'_>) -> Result<u32, StoreError> {
        self.act(self.inner.raise_alarms(new)).await
    }

    async fn open_alarms(&self, most: u32) -> Result<Vec<Alarm>, StoreError> {
        self.read(self.inner.open_alarms(most)).await
    }

    async fn count_open_alarms(&self, most: u32) -> Result<u32, StoreError> {
        self.read(self.inner.count_open_alarms(most)).await
    }

    async fn acknowledge_alarm(
        &self,
        acknowledgement: &Acknowledgement<'_>,
    ) -> Result<Option<Alarm>, StoreError> {
        self.act(self.inner.acknowledge_alarm(acknowledgement)).await
    }
}

#[async_trait]
impl ShippingStore for Breaking {
    async fn cursor(&self, cursor: &CursorId) -> Result<Option<StoredCursor>, StoreError> {
        self.read(self.inner.cursor(cursor)).await
    }

    async fn claim_cursor(&self, claim: &CursorClaim<'_>) -> Result<Option<u64>, StoreError> {
        self.act(self.inner.claim_cursor(claim)).await
    }

    async fn advance_cursor(
        &self,
        cursor: &CursorId,
        owner: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, StoreError> {
        self.act(self.inner.advance_cursor(cursor, owner, from, to)).await
    }

    async fn cursor_failed(
        &self,
        cursor: &CursorId,
        owner: &str,
        why: &str,
    ) -> Result<(), StoreError> {
        self.act(self.inner.cursor_failed(cursor, owner, why)).await
    }

    async fn release_cursor(&self, cursor: &CursorId, owner: &str) -> Result<(), StoreError> {
        self.act(self.inner.release_cursor(cursor, owner)).await
    }
}

#[async_trait]
impl MaintenanceStore for Breaking {
    async fn maintenance_due(
        &self,
        task: MaintenanceTask,
        retention: &Retention,
        most: u32,
    ) -> Result<u64, StoreError> {
        self.read(self.inner.maintenance_due(task, retention, most)).await
    }

    async fn run_maintenance_batch(
        &self,
        batch: TaskBatch<'_>,
    ) -> Result<TaskProgress, StoreError> {
        self.act(self.inner.run_maintenance_batch(batch)).await
    }

    async fn archived(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        self.read(self.inner.archived(id)).await
    }
}
