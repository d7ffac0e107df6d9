package main

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// id is the attribute that all resources of the real providers have.
func id() schema.StringAttribute {
	return schema.StringAttribute{
		Optional:      true,
		Computed:      true,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

func newVault() provider.Provider {
	return &stub{
		name: "vault",
		resources: []*storedResource{{
			name: "kv_secret_v2", value: "data_json_wo", version: "data_json_wo_version",
			schema: schema.Schema{Attributes: map[string]schema.Attribute{
				"id":                   id(),
				"mount":                schema.StringAttribute{Required: true},
				"name":                 schema.StringAttribute{Required: true},
				"disable_read":         schema.BoolAttribute{Optional: true},
				"delete_all_versions":  schema.BoolAttribute{Optional: true},
				"data_json_wo":         schema.StringAttribute{Optional: true, WriteOnly: true},
				"data_json_wo_version": schema.Int64Attribute{Optional: true},
			}},
		}},
	}
}

func newAWS() provider.Provider {
	return &stub{
		name: "aws",
		attributes: map[string]providerschema.Attribute{
			"region": providerschema.StringAttribute{Optional: true},
		},
		resources: []*storedResource{
			{
				name: "secretsmanager_secret",
				schema: schema.Schema{Attributes: map[string]schema.Attribute{
					"id":   id(),
					"name": schema.StringAttribute{Optional: true},
				}},
			},
			{
				name: "secretsmanager_secret_version", value: "secret_string_wo", version: "secret_string_wo_version",
				schema: schema.Schema{Attributes: map[string]schema.Attribute{
					"id":               id(),
					"secret_id":        schema.StringAttribute{Required: true},
					"secret_string_wo": schema.StringAttribute{Optional: true, Sensitive: true, WriteOnly: true},
					"secret_string_wo_version": schema.Int64Attribute{
						Optional:      true,
						PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()},
					},
				}},
			},
		},
	}
}

func newKubernetes() provider.Provider {
	return &stub{
		name: "kubernetes",
		attributes: map[string]providerschema.Attribute{
			"config_path": providerschema.StringAttribute{Optional: true},
		},
		resources: []*storedResource{{
			name: "secret_v1", value: "data_wo", version: "data_wo_revision",
			schema: schema.Schema{
				Attributes: map[string]schema.Attribute{
					"id":      id(),
					"data_wo": schema.MapAttribute{ElementType: types.StringType, Optional: true, WriteOnly: true},
					"data_wo_revision": schema.Int64Attribute{
						Optional:   true,
						Validators: []validator.Int64{int64validator.AtLeast(1)},
					},
				},
				Blocks: map[string]schema.Block{
					"metadata": schema.ListNestedBlock{
						Validators: []validator.List{listvalidator.SizeBetween(1, 1)},
						NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
							"name":      schema.StringAttribute{Optional: true, Computed: true},
							"namespace": schema.StringAttribute{Optional: true},
						}},
					},
				},
			},
		}},
	}
}
