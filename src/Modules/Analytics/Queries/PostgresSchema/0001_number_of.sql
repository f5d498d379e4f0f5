create schema if not exists analytics;

-- The number that a text is, as numeric with 18 digits behind the point, or null. A number is written as in JSON and nothing else; digits past the 18th are cut off;
-- 10^20 and more is none. Never fails, whatever the text: exponents are worked off by shifting digits, because a cast would overflow.
create or replace function analytics.number_of(written text) returns numeric
language plpgsql immutable strict parallel safe
as $$
declare
    whole text;
    digits text;
    rest text;
    exponent text;
    point bigint;
begin
    if written ~ '^-?(0|[1-9][0-9]{0,19})([.][0-9]+)?$' then
        return substring(written from '^-?[0-9]+(?:[.][0-9]{1,18})?')::numeric;
    elsif written !~ '^-?(0|[1-9][0-9]*)([.][0-9]+)?[eE][+-]?[0-9]+$' then
        return null;
    end if;

    whole := substring(written from '^-?([0-9]+)');
    digits := whole || coalesce(substring(written from '^-?[0-9]+[.]([0-9]+)'), '');
    rest := ltrim(digits, '0');
    if rest = '' then
        return 0;
    end if;

    exponent := ltrim(substring(written from '[eE][+-]?([0-9]+)$'), '0');
    point := case when length(exponent) > 12 then 1000000000000 when exponent = '' then 0 else exponent::bigint end;
    if written ~ '[eE]-' then
        point := -point;
    end if;

    -- Where the decimal point stands, counted from the first digit that is not 0.
    point := point + length(whole) - length(digits) + length(rest);
    if point > 20 then
        return null;
    elsif point <= -18 then
        return 0;
    end if;

    return (case when written like '-%' then '-' else '' end
        || case when point > 0 then rpad(left(rest, point::int), point::int, '0') else '0' end || '.'
        || case when point >= 0 then substr(rest, point::int + 1, 18) else repeat('0', -point::int) || left(rest, 18 + point::int) end || '0')::numeric;
end
$$;
