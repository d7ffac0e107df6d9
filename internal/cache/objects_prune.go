package cache

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
)

// pruneFor bounds pruning.
const pruneFor = 10 * time.Second

// pruning is what is noted between two prunings. The ID makes each note another one, for stores that take equal
// contents for the same version.
type pruning struct {
	ID     string               `json:"id"`
	Unused map[string]time.Time `json:"unused"`
}

// Prune implements [Storage]. It removes objects that two prunings in a row, at least a day apart, found unwritten for
// 60 days; what is read is written again before that. All times are the store's.
//
// A run that has a token waits for it, so it does not take long: what it does not finish, the next one does.
func (o *Objects) Prune(ctx context.Context) error {
	if o.isFailing() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pruneFor)
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
	_ = json.Unmarshal(marker.Contents, &before) // nothing was found then
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
		return err // another process prunes
	}
	for name, modified := range now.Unused {
		if !before.Unused[name].Equal(modified) {
			continue
		}
		object, lookErr := o.store.Get(ctx, name) // it may have been used meanwhile, and not all stores delete on a condition
		if lookErr == nil && object.Age() > unusedAfter {
			lookErr = o.store.Delete(ctx, name)
		}
		err = errors.Join(err, lookErr)
	}
	return err
}
