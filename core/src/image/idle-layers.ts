import type { Database } from '../store/database.ts';

/** Lets go of the copies that no container stands on: whoever collects next removes them. @returns how many */
export function forgetIdleMapped(database: Database): number {
  return database.run(
    `WITH RECURSIVE used(driver, chain_id) AS (
       SELECT storage_driver, top_layer FROM container WHERE top_layer IS NOT NULL
       UNION SELECT storage_driver, top_layer FROM container_mounted_image
       UNION SELECT layer.driver, layer.parent FROM layer JOIN used USING (driver, chain_id) WHERE layer.parent IS NOT NULL)
     DELETE FROM mapped_layer WHERE (driver, chain_id) NOT IN (SELECT driver, chain_id FROM used)
       AND chain_id NOT IN (SELECT name FROM lease_item WHERE kind = 'layer')`,
  ).changes;
}
