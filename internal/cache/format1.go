package cache

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// readFormat1 returns the plaintext of an entry of the first format with that seal ID. Only a [Directory] can hold
// that format.
func (c *Cache) readFormat1(ctx context.Context, key Key, id sealID, sealer secret.Value) ([]byte, error) {
	directory, ok := c.storage.(*Directory)
	if !ok {
		return nil, ErrNotFound
	}
	name := format1Name(key, id)
	contents, err := directory.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	plaintext, err := unsealFormat1(key, sealer, contents)
	if err != nil {
		return nil, &UnreadableError{directory.Locate(name), err.Error()}
	}
	return plaintext, nil
}

// format1Name returns the name of an entry of the first format with that seal ID. Such entries are only read.
func format1Name(key Key, id sealID) string {
	return key.String() + "-" + hex.EncodeToString(id[:]) + ".v1"
}

// format1Header begins entries of the first format. The sealed bytes of one sealer follow it.
const format1Header = "terraform-provider-goto cache entry v1\n"

func unsealFormat1(key Key, sealer secret.Value, contents []byte) ([]byte, error) {
	sealed, found := bytes.CutPrefix(contents, []byte(format1Header))
	if !found {
		return nil, errors.New("it does not start with the header of its format")
	}
	return unseal(key, sealer, []byte(format1Header), sealed)
}

// removeFormat1 removes an entry that a newer one has replaced. A failure does no harm: the newer entry is read first,
// and pruning removes the old one later.
func (c *Cache) removeFormat1(key Key, id sealID) {
	if directory, ok := c.storage.(*Directory); ok {
		_ = removeIfThere(directory.Locate(format1Name(key, id)))
	}
}
