namespace Bxb.Management.Contracts.Expressions;

/// <summary>
/// A number that is computed from an event's properties. Every step is rounded half away from zero to 18 fractional digits. A step has no value if a part of it has none, if it divides by
/// zero, and if its result is 10^20 or more; <see cref="Coalesce"/> and <see cref="If"/> can avoid that.
/// </summary>
public abstract record Expression
{
    /// <summary>The parts, in order.</summary>
    public virtual IReadOnlyList<Expression> Parts => [];

    /// <summary>Returns the expression and all its parts, the parts first.</summary>
    public IEnumerable<Expression> All() => Parts.SelectMany(p => p.All()).Append(this);
}

/// <summary>A constant.</summary>
/// <param name="Text">A plain decimal with at most 20 digits before the point and 18 after it, without a sign.</param>
public sealed record Constant(string Text) : Expression;

/// <summary>The number of a property.</summary>
/// <param name="Path">Names of the members from the outermost object inwards.</param>
public sealed record Property(IReadOnlyList<string> Path) : Expression
{
    /// <inheritdoc />
    public bool Equals(Property? other) => other is not null && Path.SequenceEqual(other.Path, StringComparer.Ordinal);

    /// <inheritdoc />
    public override int GetHashCode() => Path.Aggregate(Path.Count, (hash, name) => HashCode.Combine(hash, StringComparer.Ordinal.GetHashCode(name)));
}

/// <summary>An operator between two numbers.</summary>
/// <param name="Operator">One of <c>+ - * /</c>.</param>
/// <param name="Left">The left operand.</param>
/// <param name="Right">The right operand.</param>
public sealed record Binary(char Operator, Expression Left, Expression Right) : Expression
{
    /// <inheritdoc />
    public override IReadOnlyList<Expression> Parts => [Left, Right];
}

/// <summary>The negated number.</summary>
/// <param name="Of">The operand.</param>
public sealed record Negated(Expression Of) : Expression
{
    /// <inheritdoc />
    public override IReadOnlyList<Expression> Parts => [Of];
}

/// <summary>The least or the greatest of several numbers.</summary>
/// <param name="IsMax">Whether the greatest.</param>
/// <param name="Of">The operands, at least one.</param>
public sealed record Extreme(bool IsMax, IReadOnlyList<Expression> Of) : Expression
{
    /// <inheritdoc />
    public override IReadOnlyList<Expression> Parts => Of;
}

/// <summary>The absolute value.</summary>
/// <param name="Of">The operand.</param>
public sealed record Absolute(Expression Of) : Expression
{
    /// <inheritdoc />
    public override IReadOnlyList<Expression> Parts => [Of];
}

/// <summary>A rounded number.</summary>
/// <param name="Function">The direction.</param>
/// <param name="Digits">Fractional digits, 0 to 18.</param>
/// <param name="Of">The operand.</param>
public sealed record Rounded(RoundingFunction Function, int Digits, Expression Of) : Expression
{
    /// <inheritdoc />
    public override IReadOnlyList<Expression> Parts => [Of];
}

/// <summary>The first operand that has a value.</summary>
/// <param name="Of">The operands, at least one.</param>
public sealed record Coalesce(IReadOnlyList<Expression> Of) : Expression
{
    /// <inheritdoc />
    public override IReadOnlyList<Expression> Parts => Of;
}

/// <summary>One of two numbers. It has no value if the comparison has none.</summary>
/// <param name="Comparison">One of <c>&lt; &lt;= &gt; &gt;= = !=</c>.</param>
/// <param name="Left">The left side of the comparison.</param>
/// <param name="Right">The right side of the comparison.</param>
/// <param name="Then">The number if the comparison holds.</param>
/// <param name="Else">The number if it does not.</param>
public sealed record If(string Comparison, Expression Left, Expression Right, Expression Then, Expression Else) : Expression
{
    /// <inheritdoc />
    public override IReadOnlyList<Expression> Parts => [Left, Right, Then, Else];
}
