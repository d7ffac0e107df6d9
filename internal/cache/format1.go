package cache

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// readFormat1 returns what the first format has under the same seal. Only a [Directory] has ever had that format.
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

// format1Name is where the first format kept what was sealed with the sealer of that ID. It is read and no longer
// written.
func format1Name(key Key, id sealID) string {
	return key.String() + "-" + hex.EncodeToString(id[:]) + ".v1"
}

// format1Header begins entries of the first format, which held the sealed bytes of one sealer after it.
const format1Header = "terraform-provider-goto cache entry v1\n"

func unsealFormat1(key Key, sealer secret.Value, contents []byte) ([]byte, error) {
	sealed, found := bytes.CutPrefix(contents, []byte(format1Header))
	if !found {
		return nil, errors.New("it does not begin like an entry of its format")
	}
	return unseal(key, sealer, []byte(format1Header), sealed)
}

// removeFormat1 removes what a newer entry has replaced. The newer one is read first, so one that stays does no harm,
// and is pruned.
func (c *Cache) removeFormat1(key Key, id sealID) {
	if directory, ok := c.storage.(*Directory); ok {
		_ = removeIfThere(directory.Locate(format1Name(key, id)))
	}
}
