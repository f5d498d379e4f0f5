using System.ComponentModel.DataAnnotations;
using Bxb.Modularity.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Bxb.Modularity.Tests;

public sealed class SettingsCheckTests
{
    [Theory]
    [InlineData("Bxb:AdminToken", "secret")]
    [InlineData("bxb:admintoken", "secret")]
    [InlineData("Bxb:Part:Patience", "00:00:05")]
    [InlineData("Bxb:Part:Size", "12")]
    [InlineData("Bxb:Part:Nested:Mode", "fast")]
    [InlineData("Bxb:Part:Url", "http://localhost:1/")]
    [InlineData("Bxb:Part:Names:0", "a")]
    [InlineData("Bxb:Part:Ratio", "0.5")]
    [InlineData("Bxb:Part", "")]
    [InlineData("Bxb:Part:Note", "")]
    [InlineData("Bxb:Part:Note", "tab-free \U0001F600")]
    [InlineData("Other:Key", "x")]
    public void A_known_key_with_a_good_value_passes(string key, string value) => Check(key, value);

    [Theory]
    [InlineData("Bxb:AdminTokn", "x", "The setting Bxb:AdminTokn is not known. Did you mean Bxb:AdminToken?")]
    [InlineData("Bxb:Part:Patiense", "1", "The setting Bxb:Part:Patiense is not known. Did you mean Bxb:Part:Patience?")]
    [InlineData("Bxb:Patience", "1", "The setting Bxb:Patience is not known.*")]
    [InlineData("Bxb:Part:Nested:Mod", "1", "The setting Bxb:Part:Nested:Mod is not known. Did you mean Bxb:Part:Nested:Mode?")]
    [InlineData("Bxb:Zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "1", "The setting Bxb:Zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz is not known.")]
    [InlineData("Bxb:Part:Computed", "1", "The setting Bxb:Part:Computed is not known.*")]
    [InlineData("Bxb:AdminToken:Deep", "1", "The setting Bxb:AdminToken is a value and has no keys below it.")]
    [InlineData("Bxb:Part:Nested", "1", "The setting Bxb:Part:Nested is a section and takes no value of its own.")]
    [InlineData("Bxb:Part:Patience", "soon", "The setting Bxb:Part:Patience cannot be read: it must be a time span such as 00:00:05.")]
    [InlineData("Bxb:Part:Size", "1.5", "The setting Bxb:Part:Size cannot be read: it must be a number (Int32).")]
    [InlineData("Bxb:Part:Nested:Mode", "warp", "The setting Bxb:Part:Nested:Mode cannot be read: it must be one of Slow, Fast.")]
    [InlineData("Bxb:Part:Nested:Mode", "1", "The setting Bxb:Part:Nested:Mode cannot be read: it must be one of Slow, Fast.")]
    [InlineData("Bxb:Part:Nested:Mode", "Slow,Fast", "The setting Bxb:Part:Nested:Mode cannot be read: it must be one of Slow, Fast.")]
    [InlineData("Bxb:Part:IsOn", "yes", "The setting Bxb:Part:IsOn cannot be read: it must be true or false.")]
    [InlineData("Bxb:Part:Size", "", "The setting Bxb:Part:Size is empty: give it a value or leave it out.")]
    [InlineData("Bxb:AdminToken", "", "The setting Bxb:AdminToken is empty: give it a value or leave it out.")]
    [InlineData("Bxb:AdminToken", "sec\nret", "The setting Bxb:AdminToken contains a control character, or text that is not Unicode.")]
    [InlineData("Bxb:AdminToken", "sec\u0000ret", "The setting Bxb:AdminToken contains a control character, or text that is not Unicode.")]
    [InlineData("Bxb:Part:Given", "x", "The setting Bxb:Part:Given is not known.*")]
    [InlineData("Bxb:a\r\nb", "x", "The setting Bxb:a  b is not known.")]
    public void Any_other_is_refused_by_name(string key, string value, string sentence)
    {
        var fault = Should.Throw<SettingsException>(() => Check(key, value)).Faults.ShouldHaveSingleItem();
        if (sentence.EndsWith('*'))
        {
            fault.ShouldStartWith(sentence[..^1]);
        }
        else
        {
            fault.ShouldBe(sentence);
        }
    }

    [Fact]
    public void Every_bad_key_is_named_at_once()
        => Should.Throw<SettingsException>(() => Check(("Bxb:A", "1"), ("Bxb:Part:B", "1"), ("Bxb:Part:Size", "x"))).Faults.Count.ShouldBe(3);

    [Fact]
    public void Options_out_of_range_name_the_key_as_it_is_set()
    {
        var section = Section(("Bxb:Part:Size", "1000"));
        var services = new ServiceCollection();
        services.AddValidatedOptions<PartOptions>(section, "Part");
        using var provider = services.BuildServiceProvider();
        SettingsCheck.Check(section, provider.GetServices<KnownSettings>());
        var bad = Should.Throw<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
        bad.Failures.ShouldHaveSingleItem().ShouldBe("Bxb:Part:Size: must be from 1 to 100");
    }

    [Fact]
    public void Sections_below_are_checked_too_and_name_their_keys()
    {
        var section = Section(("Bxb:Part:Nested:Depth", "0"));
        var services = new ServiceCollection();
        services.AddValidatedOptions<PartOptions>(section, "Part");
        using var provider = services.BuildServiceProvider();
        var bad = Should.Throw<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
        bad.Failures.ShouldHaveSingleItem().ShouldBe("Bxb:Part:Nested:Depth: must be from 1 to 9");
    }

    [Fact]
    public void A_section_that_is_null_is_named()
    {
        var services = new ServiceCollection();
        services.AddValidatedOptions<PartOptions>(Section(), "Part").PostConfigure(o => o.Other = null!);
        using var provider = services.BuildServiceProvider();
        Should.Throw<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate()).Failures.ShouldHaveSingleItem().ShouldStartWith("Bxb:Part:Other:");
    }

    [Fact]
    public void Line_ends_behind_values_are_cut_off_in_the_configuration()
    {
        var section = Section(("Bxb:AdminToken", "a\n"), ("Bxb:Part:Nested:Mode", "Fast\r\n"), ("Bxb:Part:Note", " b\nc\n\n"), ("Bxb:Part:Url", "\n"));
        SettingsCheck.TrimLineEnds(section);
        (section["AdminToken"], section["Part:Nested:Mode"], section["Part:Note"], section["Part:Url"]).ShouldBe(("a", "Fast", " b\nc", ""));
    }

    private static void Check(string key, string value) => Check((key, value));

    private static void Check(params (string Key, string Value)[] settings)
        => SettingsCheck.Check(Section(settings), [new KnownSettings("", typeof(RootOptions)), new KnownSettings("Part", typeof(PartOptions), Except: nameof(PartOptions.Given))]);

    private static IConfigurationSection Section(params (string Key, string Value)[] settings)
        => new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build().GetSection("Bxb");

    private enum Mode
    {
        Slow,
        Fast,
    }

    private sealed class RootOptions
    {
        public string? AdminToken { get; set; }
    }

    private sealed class PartOptions
    {
        public TimeSpan Patience { get; set; }

        [Range(1, 100, ErrorMessage = "must be from 1 to 100")]
        public int Size { get; set; } = 1;

        public bool IsOn { get; set; }

        public double? Ratio { get; set; }

        public Uri? Url { get; set; }

        [Required(AllowEmptyStrings = true)]
        public string Note { get; set; } = "";

        public string Given { get; set; } = "";

        public NestedOptions Other { get; set; } = new();

        public IList<string> Names { get; } = [];

        public int Computed => Size;

        public NestedOptions Nested { get; } = new();

        public Func<int>? Hook { get; set; }
    }

    private sealed class NestedOptions
    {
        public Mode Mode { get; set; }

        [Range(1, 9, ErrorMessage = "must be from 1 to 9")]
        public int Depth { get; set; } = 1;
    }
}
