-- Distance to the end of the disk. In: the tables that the processor writes. Out: an insert is refused, and tried again by the processor, before the disk is so full that a part could be written without its last bytes.

ALTER TABLE events_rows MODIFY SETTING min_free_disk_bytes_to_perform_insert = 33554432;
ALTER TABLE user_day_rows MODIFY SETTING min_free_disk_bytes_to_perform_insert = 33554432;
ALTER TABLE user_history_rows MODIFY SETTING min_free_disk_bytes_to_perform_insert = 33554432;
ALTER TABLE late_events_rows MODIFY SETTING min_free_disk_bytes_to_perform_insert = 33554432;
ALTER TABLE rejected_events_rows MODIFY SETTING min_free_disk_bytes_to_perform_insert = 33554432;
ALTER TABLE source_progress_rows MODIFY SETTING min_free_disk_bytes_to_perform_insert = 33554432;
