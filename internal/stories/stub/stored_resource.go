package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// storedResource is a secret in a store. Like the resources of the real providers, it sends the write-only value when
// it is created, and later only when its version changes. It keeps no value itself.
type storedResource struct {
	name           string
	schema         schema.Schema
	value, version string // attributes; empty if nothing secret is stored
}

// Metadata implements [resource.Resource].
func (r *storedResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.name
}

// Schema implements [resource.Resource].
func (r *storedResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema
}

// Create implements [resource.Resource].
func (r *storedResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), r.name)...)
	if r.value != "" {
		resp.Diagnostics.Append(r.store(ctx, req.Config)...)
	}
}

// Read implements [resource.Resource].
func (r *storedResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

// Update implements [resource.Resource].
func (r *storedResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.State.Raw = req.Plan.Raw
	if r.value == "" {
		return
	}
	var before, after types.Int64
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root(r.version), &before)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root(r.version), &after)...)
	if !resp.Diagnostics.HasError() && !before.Equal(after) {
		resp.Diagnostics.Append(r.store(ctx, req.Config)...)
	}
}

// Delete implements [resource.Resource].
func (r *storedResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// store sends the value to the store of the story, which keeps it in memory.
func (r *storedResource) store(ctx context.Context, config tfsdk.Config) (diags diag.Diagnostics) {
	var value attr.Value
	diags = config.GetAttribute(ctx, path.Root(r.value), &value)
	if diags.HasError() {
		return diags
	}
	if err := send(ctx, r.name, value); err != nil {
		diags.AddError("Not stored", err.Error())
	}
	return diags
}

func send(ctx context.Context, name string, value attr.Value) error {
	plain, err := plainText(ctx, value)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, os.Getenv("GOTO_STORIES_STORE")+"/"+name, bytes.NewReader(plain))
	if err != nil {
		return err
	}
	response, err := newClient().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // nothing is read from it
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("the store answered %s", response.Status)
	}
	return nil
}

// plainText returns a string unchanged, and a map as JSON.
func plainText(ctx context.Context, value attr.Value) ([]byte, error) {
	switch value := value.(type) {
	case types.String:
		return []byte(value.ValueString()), nil
	case types.Map:
		texts := map[string]string{}
		if diags := value.ElementsAs(ctx, &texts, false); diags.HasError() {
			return nil, fmt.Errorf("the value is not a map of strings: %v", diags)
		}
		return json.Marshal(texts)
	}
	return nil, fmt.Errorf("a value of the type %T cannot be stored", value)
}
