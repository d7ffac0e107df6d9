package cache

import (
	"bytes"
	"errors"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// format1Header begins entries of the first format, which held the sealed bytes of one sealer after it.
const format1Header = "terraform-provider-goto cache entry v1\n"

func unsealFormat1(key Key, sealer secret.Value, contents []byte) ([]byte, error) {
	sealed, found := bytes.CutPrefix(contents, []byte(format1Header))
	if !found {
		return nil, errors.New("it does not begin like an entry of its format")
	}
	return unseal(key, sealer, []byte(format1Header), sealed)
}
