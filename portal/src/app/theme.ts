import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The one accent. */
const ink: MantineColorsTuple = [
  "#edf2ff",
  "#dbe4ff",
  "#b9c9fb",
  "#93abf6",
  "#7390f0",
  "#5477e8",
  "#3b61df",
  "#2a52d0",
  "#2344ad",
  "#1b3689",
];

/** Cool greys, from text on dark to the darkest ground. */
const dark: MantineColorsTuple = [
  "#e7eaf0",
  "#b6bdc9",
  "#939cab",
  "#5d6675",
  "#333a45",
  "#272d36",
  "#1b2027",
  "#14181e",
  "#0f1217",
  "#0a0c10",
];

export const theme = createTheme({
  fontFamily: '"Inter Variable", "Noto Sans Arabic Variable", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, monospace',
  headings: { fontFamily: '"Inter Variable", "Noto Sans Arabic Variable", system-ui, sans-serif' },
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 6 },
  colors: { ink, dark },
  defaultRadius: 6,
  cursorType: "pointer",
  fontSizes: { xs: "12px", sm: "13.5px", md: "14.5px", lg: "16px", xl: "20px" },
  // By name: importing the components would load them all with the first page.
  components: {
    Button: { defaultProps: { size: "sm" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    TextInput: { defaultProps: { size: "sm" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    Textarea: { defaultProps: { size: "sm" } },
    Select: {
      defaultProps: { size: "sm", checkIconPosition: "right", allowDeselect: false },
    },
    Switch: { defaultProps: { withThumbIndicator: false } },
    InputWrapper: {
      defaultProps: { inputWrapperOrder: ["label", "input", "description", "error"] },
    },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35 } } },
    Drawer: {
      defaultProps: { position: "right", overlayProps: { backgroundOpacity: 0.25 } },
    },
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-text": "#15181e",
    "--mantine-color-dimmed": "#5b6472",
    "--mantine-color-placeholder": "#6b7482",
    "--mantine-color-default-border": "#d5d9e0",
    "--mantine-color-error": "#b9262d",
    "--ink-2": "#444c59",
    "--line": "#e7e9ee",
    "--ground": "#f7f8fa",
    "--hover": "#f3f5f8",
    "--raised": "#ffffff",
    "--accent": "#2a52d0",
    "--accent-soft": "#edf2ff",
    "--good": "#0b7043",
    "--bad": "#b9262d",
    "--bad-soft": "#fdf1f1",
    "--wait": "#8a5200",
    "--wait-soft": "#fff6e3",
    "--mark": "#ffe3a3",
  },
  dark: {
    "--mantine-color-body": "#0f1217",
    "--mantine-color-text": "#e7eaf0",
    "--mantine-color-dimmed": "#98a1b0",
    "--mantine-color-placeholder": "#8b94a3",
    "--mantine-color-default": "#161a21",
    "--mantine-color-default-hover": "#1d222a",
    "--mantine-color-default-border": "#333a45",
    "--mantine-color-error": "#ff8a8a",
    "--ink-2": "#c0c7d2",
    "--line": "#232933",
    "--ground": "#14181e",
    "--hover": "#181d24",
    "--raised": "#161a21",
    "--accent": "#9db3fa",
    "--accent-soft": "#1b2440",
    "--good": "#5fd39b",
    "--bad": "#ff8f8f",
    "--bad-soft": "#2a1619",
    "--wait": "#f2b95c",
    "--wait-soft": "#2b2110",
    "--mark": "#6a4a00",
  },
});
