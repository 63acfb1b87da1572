package demo

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// development adds a development with its house types and homes.
func (l *loader) development(ctx context.Context, company uuid.UUID, d development) (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, err
	}
	_, err = l.tx.Exec(ctx, `insert into developments
			(tenant_id, id, slug, name, address, status, contact_name, contact_email, contact_phone, emergency_phone)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		company, id, d.slug, d.name, d.address, d.status, d.contact, d.email, d.phone, d.emergency)
	if err != nil || d.homes == nil {
		return id, err
	}
	homes, err := d.homes(l)
	if err != nil {
		return uuid.Nil, err
	}
	types := map[string]uuid.UUID{}
	b := &pgx.Batch{}
	for _, h := range homes {
		if _, known := types[h.typeCode]; !known {
			if types[h.typeCode], err = uuid.NewV7(); err != nil {
				return uuid.Nil, err
			}
			b.Queue(`insert into house_types (tenant_id, id, development_id, code, name, bedrooms, bathrooms, floor_area_m2)
				values ($1, $2, $3, $4, $5, $6, $7, $8::text::numeric)`,
				company, types[h.typeCode], id, h.typeCode, h.typeName, h.bedrooms, h.bathrooms, h.area)
		}
		unit, err := uuid.NewV7()
		if err != nil {
			return uuid.Nil, err
		}
		b.Queue(`insert into units (tenant_id, id, development_id, house_type_id, block, unit_number, address_line_1, address_line_2,
				city, postcode, bedrooms, bathrooms, floor_area_m2, status, handover_date, purchaser_name, purchaser_email, purchaser_phone)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::numeric, $14, $15::date + $16::int, $17, $18, $19)`,
			company, unit, id, types[h.typeCode], h.block, h.number, h.address1, h.address2,
			h.city, h.postcode, h.bedrooms, h.bathrooms, h.area, h.status, l.today.UTC(), h.days, h.buyerName, h.buyerEmail, h.buyerPhone)
	}
	if err := l.tx.SendBatch(ctx, b).Close(); err != nil {
		return uuid.Nil, fmt.Errorf("homes: %w", err)
	}
	return id, nil
}
