using Bxb.Management.Contracts;

namespace Bxb.Management.Tests;

public sealed class PropertyPathTests
{
    [Theory]
    [InlineData("a", "a")]
    [InlineData("a.b.c", "a|b|c")]
    [InlineData(@"a\.b.c", "a.b|c")]
    [InlineData(@"a\\.b", @"a\|b")]
    [InlineData(@"a\\b", @"a\b")]
    [InlineData(@"\.", ".")]
    [InlineData(" ", " ")]
    public void A_path_is_its_names(string path, string names)
    {
        PropertyPath.TryParse(path, out var found).ShouldBeTrue();
        string.Join('|', found).ShouldBe(names);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("a\0")]
    [InlineData(@"a\b")]
    [InlineData(@"a\")]
    [InlineData("1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17")]
    public void What_is_no_path_is_refused(string? path) => PropertyPath.TryParse(path, out _).ShouldBeFalse();

    [Fact]
    public void Names_are_counted_in_characters()
    {
        PropertyPath.TryParse(string.Concat(Enumerable.Repeat("\U0001F600", 255)), out _).ShouldBeTrue();
        PropertyPath.TryParse(new string('n', 256), out _).ShouldBeFalse();
    }
}
