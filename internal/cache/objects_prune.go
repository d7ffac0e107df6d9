package cache

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
)

// pruneTimeout limits how long pruning takes. The next pruning does the rest.
const pruneTimeout = 10 * time.Second

// pruning is what one pruning stores for the next. The ID makes each one different, because some stores give equal
// contents the same version.
type pruning struct {
	ID     string               `json:"id"`
	Unused map[string]time.Time `json:"unused"`
}

// Prune implements [Storage]. It removes objects that two prunings in a row, at least a day apart, found unwritten for
// 60 days. Objects that are read are rewritten before that. All times are the store's.
func (o *Objects) Prune(ctx context.Context) error {
	if o.isFailing() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pruneTimeout)
	defer cancel()
	marker, err := o.store.Get(ctx, pruneMarker)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
	case err != nil:
		return err
	case marker.Age() < pruneEvery:
		return nil
	}
	var before pruning
	_ = json.Unmarshal(marker.Contents, &before) // if that fails, the last pruning counts as having found nothing
	entries, err := o.store.List(ctx, "")
	if err != nil {
		return err
	}
	now := pruning{ID: rand.Text(), Unused: map[string]time.Time{}}
	for _, entry := range entries {
		if _, own := ownerOf(entry.Name); own && entry.Age() > unusedAfter {
			now.Unused[entry.Name] = entry.Modified
		}
	}
	contents, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if _, err := o.store.Put(ctx, pruneMarker, contents, marker.Version); err != nil {
		return err // another process is pruning
	}
	for name, modified := range now.Unused {
		if !before.Unused[name].Equal(modified) {
			continue
		}
		object, readErr := o.store.Get(ctx, name) // it may have been used since, and not all stores have conditional deletes
		if readErr == nil && object.Age() > unusedAfter {
			readErr = o.store.Delete(ctx, name)
		}
		err = errors.Join(err, readErr)
	}
	return err
}
