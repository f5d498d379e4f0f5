-- The steps of an expression, as ClickHouse computes them. All are NULL for NULL.

-- The result of a step: rounded half away from zero to 18 digits; NULL if it is 10^20 or more.
create or replace function analytics.step(result numeric) returns numeric
language plpgsql immutable strict parallel safe
as $$
declare
    rounded numeric := round(result, 18);
begin
    return case when abs(rounded) < 1e20 then rounded end;
end
$$;

-- The quotient, rounded half away from zero to 18 digits from the exact one; NULL for a divisor of 0.
create or replace function analytics.quotient(dividend numeric, divisor numeric) returns numeric
language plpgsql immutable strict parallel safe
as $$
begin
    if divisor = 0 then
        return null;
    end if;

    return sign(dividend) * sign(divisor) * div(2 * abs(dividend) * 1e18 + abs(divisor), 2 * abs(divisor)) * 0.000000000000000001;
end
$$;

create or replace function analytics.greater(a numeric, b numeric) returns numeric
language plpgsql immutable strict parallel safe
as $$
begin
    return greatest(a, b);
end
$$;

create or replace function analytics.lesser(a numeric, b numeric) returns numeric
language plpgsql immutable strict parallel safe
as $$
begin
    return least(a, b);
end
$$;

-- Rounded to a number of digits behind the point, 0 to 18.
create or replace function analytics.round_to(number numeric, digits int) returns numeric
language plpgsql immutable strict parallel safe
as $$
begin
    return round(number, digits);
end
$$;

create or replace function analytics.ceil_to(number numeric, digits int) returns numeric
language plpgsql immutable strict parallel safe
as $$
declare
    cut numeric := trunc(number, digits);
begin
    return case when cut < number then cut + ('1e-' || digits)::numeric else cut end;
end
$$;

create or replace function analytics.floor_to(number numeric, digits int) returns numeric
language plpgsql immutable strict parallel safe
as $$
declare
    cut numeric := trunc(number, digits);
begin
    return case when cut > number then cut - ('1e-' || digits)::numeric else cut end;
end
$$;
