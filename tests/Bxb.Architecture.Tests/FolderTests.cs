namespace Bxb.Architecture.Tests;

/// <summary>Inside a project folders depend on each other in one direction.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Projects => [.. Repository.Projects.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_of_a_project_depend_on_each_other_in_one_direction(string project) =>
        FolderCycles.Find(project, Read(project)).ShouldBeEmpty();

    [Fact]
    public void Two_folders_that_use_each_other_are_found() => FolderCycles.Find("Bxb.X",
    [
        new("Bxb.X", "using Bxb.X.A;\nusing Bxb.X.B;\nnamespace Bxb.X;"),
        new("Bxb.X.A", "using Bxb.X.B;\nnamespace Bxb.X.A;"),
        new("Bxb.X.B", "using static Bxb.X.A.Names;\nnamespace Bxb.X.B;"),
    ]).ShouldBe(["Bxb.X: A, B"]);

    [Fact]
    public void A_cycle_of_three_folders_is_found() => FolderCycles.Find("Bxb.X",
    [
        new("Bxb.X.A.Deep", "using Bxb.X.B;\nnamespace Bxb.X.A.Deep;"),
        new("Bxb.X.B", "namespace Bxb.X.B;\nclass T : Bxb.X.C.T { }"),
        new("Bxb.X.C", "using T = Bxb.X.A.Deep.T;\nnamespace Bxb.X.C;"),
        new("Bxb.X.D", "using Bxb.X.A;\nusing Bxb.X.B;\nnamespace Bxb.X.D;"),
    ]).ShouldBe(["Bxb.X: A, B", "Bxb.X: A, C", "Bxb.X: B, C"]);

    [Fact]
    public void A_cycle_below_a_folder_is_found() => FolderCycles.Find("Bxb.X",
    [
        new("Bxb.X.A.One", "using Bxb.X.A.Two;\nnamespace Bxb.X.A.One;"),
        new("Bxb.X.A.Two", "using Bxb.X.A.One;\nnamespace Bxb.X.A.Two;"),
    ]).ShouldBe(["Bxb.X.A: One, Two"]);

    [Fact]
    public void One_direction_and_another_project_are_no_cycle() => FolderCycles.Find("Bxb.X",
    [
        new("Bxb.X.A", "using Bxb.X.B;\nusing Bxb.Xylo.B;\nnamespace Bxb.X.A;"),
        new("Bxb.X.B", "using Bxb.Y.A;\nusing Bxb.Xylo.A;\nnamespace Bxb.X.B;"),
    ]).ShouldBeEmpty();

    private static IReadOnlyList<SourceText> Read(string name)
    {
        var project = Repository.Projects.Single(p => p.Name == name);
        return
        [
            .. from file in Repository.SourceFiles
               let folder = Path.GetDirectoryName(Path.Combine(Repository.Root, file))!
               where folder == project.Folder || folder.StartsWith(project.Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
               let below = Path.GetRelativePath(project.Folder, folder)
               select new SourceText(below == "." ? name : $"{name}.{below.Replace(Path.DirectorySeparatorChar, '.')}", Repository.Read(file)),
        ];
    }
}
