package bench

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/terraform-goto/terraform-provider-goto/internal/bench/constant"
	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
)

// The floor is a fair comparison only if the command line handles the same schema for both providers.
func TestConstantProviderHasTheSameAttributes(t *testing.T) {
	t.Parallel()
	attributes := func(made func() frameworkprovider.Provider) (lines []string) {
		schemas := newOpener(t, made).schemas
		for name, schema := range map[string]*tfprotov6.Schema{
			"provider": schemas.Provider, "goto_access_token": schemas.EphemeralResourceSchemas["goto_access_token"],
		} {
			for _, a := range schema.Block.Attributes {
				lines = append(lines, fmt.Sprintf("%s: %s, %s, optional: %t, computed: %t, sensitive: %t", name, a.Name, a.Type, a.Optional, a.Computed, a.Sensitive))
			}
		}
		slices.Sort(lines)
		return lines
	}
	if diff := cmp.Diff(attributes(provider.New("test", provider.WithEnvironment(func(string) string { return "" }))), attributes(constant.New)); diff != "" {
		t.Errorf("attributes differ (-provider +constant):\n%s", diff)
	}
}
